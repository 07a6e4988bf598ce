import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bucketSchema } from '../../plugin/checks/bucketSchema.ts';
import { optionsSchema } from '../../plugin/checks/optionsSchema.ts';
import { serviceWorkerSchema } from '../../plugin/checks/serviceWorkerSchema.ts';
import { uploadsSchema } from '../../plugin/checks/uploadsSchema.ts';

const [ofAll = '', ofBuckets = '', ofUploads = '', ofWorker = ''] = readFileSync(
  new URL('../../docs/options.md', import.meta.url),
  'utf8',
).split(/^\| (?:a bucket's|`uploads`'|`serviceWorker`'s) /m);

/** The names in the first column of a table. */
const rowsOf = (text: string) => Array.from(text.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);

describe('docs/options.md', () => {
  it('has a row for each option, and for nothing else', () => {
    expect(new Set(rowsOf(ofAll))).toEqual(new Set(Object.keys(optionsSchema.shape)));
  });

  it('has a row for each option of a bucket', () => {
    const shapes = bucketSchema.def.options.flatMap((option) => ('shape' in option ? Object.keys(option.shape) : []));
    expect(shapes).toContain('endpoint');
    expect(new Set(rowsOf(ofBuckets))).toEqual(new Set(shapes));
  });

  it('has a row for each option of uploads', () => {
    expect(new Set(rowsOf(ofUploads))).toEqual(new Set(Object.keys(uploadsSchema.shape)));
  });

  it('has a row for each option of the service worker', () => {
    expect(new Set(rowsOf(ofWorker))).toEqual(new Set(Object.keys(serviceWorkerSchema.shape)));
  });
});
