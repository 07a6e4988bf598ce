import { onTestFinished } from 'vitest';
import { JournalManifest } from '../../../plugin/cache/manifest/journalManifest.ts';
import type { ManifestChange } from '../../../plugin/cache/manifest/manifestChange.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { MemoryManifest } from '../../helpers/memoryManifest.ts';
import { describeManifestStore } from './manifestStoreSuite.ts';

describeManifestStore('JournalManifest', async () => {
  const dir = await temporaryDirectory();
  return {
    create: (observer) => {
      const store = new JournalManifest({ dir, prefix: '.image-cache/', fsync: false, now: Date.now, observer });
      onTestFinished(() => store.close());
      return store;
    },
  };
});

describeManifestStore('an array of changes', async () => {
  const changes: ManifestChange[] = [];
  return { create: (observer) => new MemoryManifest(changes, observer) };
});
