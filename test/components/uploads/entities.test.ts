// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { entityName, toEntity } from '../../../components/uploads/entity.ts';
import { entityPartProblem } from '../../../plugin/http/entity.ts';
import { fakeBrowser } from './fakeBrowser.ts';
import { fakeBucket } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

const note = (id: string, serverId?: string) => ({ type: 'note', id, ...(serverId !== undefined && { serverId }) });

function setUp() {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  return { browser, bucket, tab: browser.open({ transport: bucket.transport }) };
}

describe('an entity', () => {
  test.each<[string, unknown]>([
    ['no type', { id: '1' }],
    ['an empty id', note('')],
    ['an id that is a number', { type: 'note', id: 1 }],
    ['an id of 201 characters', note('a'.repeat(201))],
    ['half a character, which no header can carry', note('\uD83C')],
    ['a line break', note('a\nb')],
    ['an empty server id', note('1', '')],
    ['what is longer than a header may be', note('日'.repeat(100))],
  ])('ENTITY_INVALID: %s; nothing is saved', async (_, entity) => {
    const { browser, tab } = setUp();
    const call = tab.uploads.upload(pictureFile(1), { entity: entity as ReturnType<typeof note> });
    await expect(call).rejects.toMatchObject({ code: 'ENTITY_INVALID', hint: expect.any(String) as string });
    expect(await browser.rows('jobs')).toEqual([]);
  });

  test.each([
    'a',
    'Ü',
    '日本',
    '🏖',
    'a/b',
    ' ',
    'a\nb',
    '\u0000',
    '\u007F',
    '\u0085',
    '\uD83C',
    'x'.repeat(200),
    'x'.repeat(201),
    '',
  ])('is taken here if our server takes it: %j', (id) => {
    const isTakenThere = entityPartProblem(id) === undefined;
    const isTakenHere = (() => {
      try {
        return toEntity({ type: id, id }).id === id;
      } catch {
        return false;
      }
    })();
    expect(isTakenHere).toBe(isTakenThere);
  });

  test('is kept as it was, whatever the app does with its own object later', () => {
    const own = { ...note('1'), title: 'Secret' };
    const entity = toEntity(own);
    own.id = '2';
    expect(entity).toEqual(note('1'));
  });

  test('has a name in which its parts cannot be confused', () => {
    expect(entityName({ type: 'a/b', id: 'c' })).not.toBe(entityName({ type: 'a', id: 'b/c' }));
    expect(entityName({ type: 'Übung', id: '1 2' })).toBe('%C3%9Cbung/1%202');
  });

  test('is with its pictures in every tab, after a relaunch, and for the transport', async () => {
    const { browser, bucket, tab } = setUp();
    bucket.otherwise = 'hang';
    const other = browser.open({ transport: bucket.transport });
    const [upload] = await tab.uploads.upload(pictureFile(1), { entity: note('a') });
    await browser.settle();
    expect(upload?.entity).toEqual(note('a'));
    expect(other.uploads.list()[0]?.entity).toEqual(note('a'));
    expect(bucket.sent[0]?.entity).toEqual(note('a'));
    tab.kill();
    other.kill();
    const next = browser.open({ transport: bucket.transport });
    await browser.settle();
    expect(next.uploads.list()[0]?.entity).toEqual(note('a'));
  });
});

describe('bindEntity', () => {
  test('is about one kind of entity: another one with the same id keeps its own', async () => {
    const { browser, tab } = setUp();
    const page = { type: 'page', id: 'a' };
    await tab.uploads.upload(pictureFile(1), { entity: note('a') });
    await tab.uploads.upload(pictureFile(2), { entity: page });
    await tab.uploads.bindEntity(note('a'), 'note-7');
    await tab.uploads.upload(pictureFile(3), { entity: page });
    const serverIds = (entity: typeof page) => tab.uploads.listOf(entity).map((upload) => upload.entity?.serverId);
    expect([serverIds(note('a')), serverIds(page)]).toEqual([['note-7'], [undefined, undefined]]);
    await tab.uploads.bindEntity(page, 'page-7');
    expect([serverIds(note('a')), serverIds(page)]).toEqual([['note-7'], ['page-7', 'page-7']]);
    expect(await browser.rows('bindings')).toHaveLength(2);
  });

  test('is about the pictures of now and of later, in all tabs, and durable', async () => {
    const { browser, bucket, tab } = setUp();
    browser.isOnline = false;
    const other = browser.open({ transport: bucket.transport });
    await tab.uploads.upload(pictureFile(1), { entity: note('a') });
    await tab.uploads.upload(pictureFile(2), { entity: note('b') });
    await other.uploads.bindEntity(note('a'), 'server-a');
    await tab.uploads.upload(pictureFile(3), { entity: note('a') });
    await browser.settle();
    for (const { uploads } of [tab, other]) {
      expect(uploads.list().map(({ entity }) => entity?.serverId)).toEqual(['server-a', undefined, 'server-a']);
    }
    tab.kill();
    other.kill();
    const next = browser.open({ transport: bucket.transport });
    const [last] = await next.uploads.upload(pictureFile(4), { entity: note('a') });
    expect(last?.entity).toEqual(note('a', 'server-a'));
  });

  test('may be repeated; ENTITY_BOUND for another id, and nothing is changed', async () => {
    const { tab } = setUp();
    await tab.uploads.upload(pictureFile(1), { entity: note('a') });
    await tab.uploads.bindEntity(note('a'), 'one');
    await tab.uploads.bindEntity(note('a'), 'one');
    await expect(tab.uploads.bindEntity(note('a'), 'two')).rejects.toMatchObject({ code: 'ENTITY_BOUND' });
    await expect(tab.uploads.bindEntity(note('a'), '')).rejects.toMatchObject({ code: 'ENTITY_INVALID' });
    expect(tab.uploads.list()[0]?.entity?.serverId).toBe('one');
  });

  test('keeps the owners of one browser apart', async () => {
    const { browser, bucket, tab } = setUp();
    const bob = browser.open({ transport: bucket.transport, owner: 'bob' });
    await tab.uploads.bindEntity(note('a'), 'ann-a');
    await bob.uploads.bindEntity(note('a'), 'bob-a');
    await bob.uploads.upload(pictureFile(1), { entity: note('a') });
    expect(bob.uploads.list()[0]?.entity?.serverId).toBe('bob-a');
  });
});

describe('the queue', () => {
  test('sends all pictures of the entity whose oldest waiting one is the oldest, then those of the next', async () => {
    const { browser, bucket } = setUp();
    browser.isOnline = false;
    const { uploads } = browser.open({ transport: bucket.transport, concurrency: 1 });
    const entities = [note('a'), note('b'), undefined, note('a'), note('b'), note('c'), note('a')];
    for (const [index, entity] of entities.entries()) {
      await uploads.upload(pictureFile(index), entity && { entity });
    }
    browser.isOnline = true;
    await browser.pass(60_000);
    expect(bucket.sent.map(({ filename }) => Number.parseInt(filename, 10))).toEqual([0, 3, 6, 1, 4, 2, 5]);
  });

  test('a picture that fails keeps neither its own entity nor the others waiting', async () => {
    const { browser, bucket } = setUp();
    browser.isOnline = false;
    const { uploads } = browser.open({ transport: bucket.transport, concurrency: 1 });
    for (const [index, id] of ['a', 'a', 'b'].entries()) await uploads.upload(pictureFile(index), { entity: note(id) });
    bucket.otherwise = ({ filename }) => (filename === '0.png' ? 503 : 'stored');
    browser.isOnline = true;
    await browser.pass(60_000);
    expect(uploads.list().map(({ status }) => status)).toEqual(['uploaded', 'uploaded', 'pending']);
  });

  test('the same picture is sent for each entity that has it, so that its use is known, and once for one', async () => {
    const { browser, bucket, tab } = setUp();
    for (const id of ['a', 'b', 'a']) await tab.uploads.upload(pictureFile(1), { entity: note(id) });
    await browser.pass(60_000);
    expect(tab.uploads.status().counts.uploaded).toBe(3);
    expect(new Set(bucket.sent.map(({ entity }) => entity?.id))).toEqual(new Set(['a', 'b']));
    expect(bucket.complaints).toEqual([]);
  });
});

test('the pictures of an entity are listed in the order in which they were added, while they are being saved, too', async () => {
  const { browser, tab } = setUp();
  browser.isOnline = false;
  const seen: string[] = [];
  tab.uploads.subscribe(() => {
    const list = tab.uploads.listOf(note('a'));
    expect(tab.uploads.listOf(note('a'))).toBe(list);
    seen.push(list.map(({ filename, status }) => `${filename} ${status}`).join(', '));
  });
  await tab.uploads.upload([pictureFile(1), pictureFile(2)], { entity: note('a') });
  await tab.uploads.upload(pictureFile(3), { entity: note('b') });
  expect(seen[0]).toBe('1.png saving');
  expect(seen).toContain('1.png pending, 2.png saving');
  expect(seen.at(-1)).toBe('1.png pending, 2.png pending');
});
