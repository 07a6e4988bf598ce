import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { imagePath, sha256 } from '../../plugin/cache/files/layout.ts';
import { bytesOf, openCache } from '../helpers/cache.ts';
import { MemorySource } from '../helpers/memorySource.ts';

const LANES = 6;
const DURATION_MS = 3000;

it('T48, T59: three caches on one directory, into which files are copied by hand, never bring back what was invalidated', async () => {
  const versions = new Map<string, number>();
  const current = (name: string) => bytesOf(`${name}@${versions.get(name) ?? 0}`, 1000);
  const source = new MemorySource(current);
  const first = await openCache({ source, memoryMaxSize: 0 });
  const others = [1, 2].map(() => openCache({ source, dir: first.dir, memoryMaxSize: 0 }));
  const caches = [first, ...(await Promise.all(others))].map(({ cache }) => cache);
  const until = performance.now() + DURATION_MS;
  let adopted = 0;
  const stale: string[] = [];

  /** A lane has its images to itself, so it knows what they have to be; files and journal it shares. */
  async function lane(n: number): Promise<void> {
    while (performance.now() < until) {
      const name = `${n}-${Math.floor(Math.random() * 3)}`;
      const cache = caches[Math.floor(Math.random() * caches.length)] ?? first.cache;
      const chance = Math.random();
      if (chance < 0.6) {
        const { body, tier } = await cache.readUrl(`mem:${name}`, { actorId: `actor${n % 2}` });
        if (tier === 'disk') adopted += 1;
        if (!body.equals(current(name))) stale.push(`${name} from ${tier}`);
      } else if (chance < 0.75) {
        versions.set(name, (versions.get(name) ?? 0) + 1);
        await cache.invalidate(`mem:${name}`);
        await Promise.all(caches.map((each) => each.stats())); // all have looked
      } else if (chance < 0.95) {
        const digest = sha256(current(name));
        const path = imagePath({ actorId: `actor${n % 3}`, key: `mem:${name}`, sha256: digest, extension: 'png' });
        await mkdir(dirname(join(first.dir, path)), { recursive: true });
        await writeFile(join(first.dir, path), current(name));
      } else if (chance < 0.97) await cache.clear(`actor${n % 2}`);
      else await cache.verify();
    }
  }

  await Promise.all(Array.from({ length: LANES }, (_, n) => lane(n)));
  expect(stale).toEqual([]);
  expect(adopted).toBeGreaterThan(50);
}, 20_000);
