import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BucketOptions } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The table of stores, each with its line of `buckets`, and what a placeholder in it stands for. */
const stores = Array.from(readme.matchAll(/^\| ([\w ]+?) +\| `(\{ name: .+? \})`/gm), ([, store = '', line = '']) => ({
  store,
  line: line.replaceAll(/<(\w+)>/g, '$1'),
}));

const SIGNED: Record<string, string> = {
  MinIO: 'http://localhost:9000/team-photos/a.jpg?X-Amz-Signature=1',
  'Cloudflare R2': 'https://account.r2.cloudflarestorage.com/team-photos/a.jpg?X-Amz-Signature=1',
  'Google Cloud': 'https://storage.googleapis.com/team-photos/a.jpg?X-Goog-Signature=1',
  Azure: 'https://account.blob.core.windows.net/container/a.jpg?sv=2024-11-04&sig=1',
};

describe('README: a line of `buckets` for each store', () => {
  it('has one for each of them', () => expect(stores.map(({ store }) => store)).toEqual(Object.keys(SIGNED)));

  it.each(stores)('$store: is accepted as it stands, and takes the URLs that are signed there', ({ store, line }) => {
    const json = line.replaceAll(/(\w+): '([^']*)'/g, '"$1": "$2"');
    const identify = createIdentify(resolveOptions({ buckets: [JSON.parse(json) as BucketOptions] }));
    const { key, signed } = identify(SIGNED[store] ?? '');
    expect(key).toMatch(/\/a\.jpg$/);
    expect(signed).toBe(true);
  });
});
