import { hash } from 'node:crypto';
import { appendFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeRecords } from '../../../plugin/cache/manifest/journalRecord.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { entryOf } from '../../helpers/entries.ts';

/** A line of the journal with a right checksum, whatever is in it. */
function lineOf(json: string): string {
  return `\n${hash('sha1', json).slice(0, 16)}\t${json}\n`;
}

const text = (value: unknown) => JSON.stringify(value);

/** Not what any version writes. */
const STRANGE = [
  '',
  'null',
  'nonsense',
  '{',
  '1',
  '"text"',
  '[]',
  '[null]',
  '{}',
  'true',
  ...[
    { op: 'delete' },
    { op: 'delete', keys: null },
    { op: 'delete', keys: 'mem:a' },
    { op: 'delete', keys: [null] },
    { op: 'delete', keys: { length: 1e9 } },
    { op: 'put' },
    { op: 'put', entry: null },
    { op: 'put', entry: [] },
    { op: 'put', entry: { ...entryOf(1), sha256: 'x' } },
    { op: 'put', entry: { ...entryOf(1), local_path: '../../etc/passwd' } },
    { op: 'put', entry: { ...entryOf(1), actor_ids: [1] } },
    { op: 'put', entry: { ...entryOf(1), actor_ids: [] } },
    { op: 'adopt', entry: 7 },
    { op: 'replace', entry: entryOf(1) },
    { op: 'replace', entry: entryOf(1), sha256: 5 },
    { op: 'replace', sha256: 'ab' },
    { op: 'claim', key: 'mem:a' },
    { op: 'claim', key: 'mem:a', actor: {} },
    { op: 'claim', actor: 'x' },
    { op: 'validate', key: 'mem:a', sha256: 'x', etag: null, at: 1 },
    { op: 'validate', key: 'mem:a', sha256: 'x', etag: '', at: 'now' },
    { op: 'placeholder' },
    { op: 'placeholder', images: [null] },
    { op: 'placeholder', images: [{ key: 'mem:a', sha256: 'x', placeholder: 5 }] },
    { op: 'placeholder', images: 'x' },
    { op: 'clear', actor: null },
    { op: 'clear', actor: 5 },
    { op: 'clear', actor: '' },
    { op: 'pin' },
    { op: 'pin', target: null, pinned: true },
    { op: 'pin', target: {}, pinned: true },
    { op: 'pin', target: { key: 5 }, pinned: true },
    { op: 'pin', target: { actor: 'x' } },
    { op: 'pin', target: { actor: 'x' }, pinned: 'yes' },
    { op: 'use' },
    { op: 'use', keys: ['mem:a'], at: null },
    { op: 'use', keys: ['mem:a'], ages: 5, at: 1 },
    { op: 'use', keys: ['mem:a'], ages: ['x'], at: 1 },
    { op: 'use', keys: ['mem:a'], at: '1' },
    { op: 5 },
    { op: null },
    { op: 'constructor', id: 5 },
  ].map(text),
  text({ op: 'clear' }), // without an id
];

describe('a record of the journal with a right checksum', () => {
  it.each(STRANGE)('R7: counts as damaged when it is %s', (json) => {
    const named = json.startsWith('{"op"') && json !== text({ op: 'clear' }) ? json.replace('{', '{"id":"x",') : json;
    for (const each of [json, named]) {
      const { records, damaged } = decodeRecords(Buffer.from(lineOf(each)));
      expect([records, damaged]).toEqual([[], 1]);
    }
  });

  it('R7: is left to newer versions when they call the change something else', () => {
    const json = text({ op: 'freeze', id: 'x', until: 5 });
    expect(decodeRecords(Buffer.from(lineOf(json)))).toMatchObject({
      records: [{ record: { op: 'freeze' } }],
      damaged: 0,
    });
  });

  it('R7: never makes a request fail, at once or after a restart, and costs no other record', async () => {
    const { cache, dir, warnings } = await openCache({ memoryMaxSize: 0 });
    await cache.readUrl('mem:a');
    const logOf = async () => {
      const names = (await readdir(join(dir, 'journal'))).filter((name) => name.endsWith('.log'));
      return join(dir, 'journal', names.toSorted().at(-1) ?? '');
    };
    await appendFile(await logOf(), STRANGE.map(lineOf).join(''));
    await cache.readUrl('mem:b');
    expect((await cache.stats()).total_entries).toBe(2);
    expect(warnings.join()).toContain(`${STRANGE.length} damaged`);
    const events: unknown[] = [];
    const next = await openCache({ dir, memoryMaxSize: 0 });
    next.cache.onEvent((event) => events.push(event));
    expect((await next.cache.stats()).total_entries).toBe(2);
    await appendFile(await logOf(), STRANGE.map(lineOf).join(''));
    expect((await next.cache.readUrl('mem:a')).body.equals(bytesOf('a'))).toBe(true);
    expect((await next.cache.clear()).cleared).toBe(2);
    // A change that had to be written twice, into a log that was sealed meanwhile, is heard of twice.
    expect(new Set(events.map((event) => (event as { type: string }).type))).toEqual(new Set(['cleared']));
    await Promise.all([cache.close(), next.cache.close()]);
    expect(JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'))).toMatchObject({ entries: {} });
  });

  it('R7: of any shape that chance makes of ours never makes a start fail', async () => {
    const valid = [
      { op: 'put', id: 'a', entry: entryOf(1) },
      { op: 'delete', id: 'a', keys: ['mem:a'], reason: 'evicted' },
      { op: 'use', id: 'a', keys: ['mem:a'], ages: [5], at: 1 },
      { op: 'pin', id: 'a', target: { actor: 'x' }, pinned: true },
      { op: 'placeholder', id: 'a', images: [{ key: 'mem:a', sha256: 'x', placeholder: 'AAAA' }] },
      { op: 'replace', id: 'a', entry: entryOf(2), sha256: 'ab' },
    ].map(text);
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const values = [
      'null',
      '0',
      '-1',
      '1e999',
      '""',
      '"x"',
      '[]',
      '{}',
      '[null]',
      'true',
      '{"length":5}',
      '"__proto__"',
    ];
    const lines = Array.from({ length: 5000 }, () => {
      const tokens = (valid[random(valid.length)] ?? '').match(/"[^"]*"|[\d.]+|[{}[\]:,]|\w+/g) ?? [];
      for (let times = 1 + random(2); times > 0; times -= 1)
        tokens[random(tokens.length)] = values[random(values.length)] ?? '';
      return lineOf(tokens.join(''));
    });
    const dir = join(await temporaryDirectory(), '.image-cache');
    await mkdir(join(dir, 'journal'), { recursive: true });
    await appendFile(join(dir, 'journal', '0000000001.log'), lines.join(''));
    const { cache } = await openCache({ dir });
    expect((await cache.readUrl('mem:a')).body.equals(bytesOf('a'))).toBe(true);
    await cache.pin({ actor_id: 'default' });
    await cache.invalidate('mem:a');
    await cache.clear();
    await cache.close();
    const next = await openCache({ dir });
    expect((await next.cache.stats()).total_entries).toBe(0);
  });
});
