import { beforeEach, expect, test, vi } from 'vitest';
import { createNoteStore } from '../../../../demo/src/notes/createNoteStore.ts';
import { createNoteSync, type NotesBackend } from '../../../../demo/src/notes/createNoteSync.ts';

beforeEach(() => localStorage.clear());

test('what is saved survives a reload, newest first, and what else is stored there is left alone', () => {
  localStorage.setItem('of-another-app', '{');
  let now = 1;
  const store = createNoteStore(localStorage, () => now++);
  const [first, second] = [store.create(), store.create()];
  store.edit(first.id, () => 'Monday');
  const reloaded = createNoteStore(localStorage);
  expect(reloaded.list().map(({ id, text }) => [id, text])).toEqual([
    [second.id, ''],
    [first.id, 'Monday'],
  ]);
  expect(reloaded.list()).toBe(reloaded.list());
});

test('a text is saved only if nothing else was saved meanwhile, and what was rewritten is synced again', () => {
  const store = createNoteStore(localStorage);
  const { id } = store.create();
  store.edit(id, () => 'one');
  const { version } = store.get(id) ?? expect.fail();
  store.markSynced(id, version, '7');
  expect(store.unsynced()).toEqual([]);
  store.edit(id, (text) => `${text} two`);
  expect(store.compareAndSave(id, 'old', version)).toBe(false);
  expect(store.get(id)?.text).toBe('one two');
  expect(store.compareAndSave(id, 'rewritten', version + 1)).toBe(true);
  expect(store.unsynced()).toMatchObject([{ id, text: 'rewritten', serverId: '7' }]);
  store.markDeleted(id);
  expect(store.compareAndSave(id, 'back again', version + 2)).toBe(false);
  expect(store.list()).toEqual([]);
});

test("the backend's notes are taken over, but never in place of what it does not know yet", () => {
  const store = createNoteStore(localStorage);
  const mine = store.create();
  store.edit(mine.id, () => 'mine');
  const other = { id: 'b'.repeat(16), server_id: '8', text: 'theirs', created_at: 5 };
  store.merge([{ ...other, id: mine.id, text: 'an older text' }, other]);
  expect(store.get(mine.id)?.text).toBe('mine');
  expect(store.get(other.id)).toMatchObject({ text: 'theirs', serverId: '8' });
  store.merge([]);
  expect(store.list().map(({ id }) => id)).toEqual([mine.id]);
});

test('a note that was begun offline gets its server id when the backend is back, and one that was deleted goes there, too', async () => {
  vi.useFakeTimers();
  try {
    const store = createNoteStore(localStorage);
    const calls: string[] = [];
    let isAway = true;
    const call = async <T,>(name: string, result: T): Promise<T> => {
      if (isAway) throw new TypeError('Failed to fetch');
      calls.push(name);
      return result;
    };
    const backend: NotesBackend = {
      list: () => call('list', []),
      save: (_id, { text }) => call(`save ${text}`, { server_id: '101' }),
      remove: () => call('remove', undefined),
    };
    const bound: string[] = [];
    const onServerId = async (note: { id: string }, serverId: string) => void bound.push(`${note.id} ${serverId}`);
    const stop = createNoteSync({
      store,
      backend,
      onServerId,
      onDeleted: async (note) => void calls.push(`pictures of ${note.text}`),
      onSynced: () => calls.push('synced'),
    }).start();
    const { id } = store.create();
    store.edit(id, () => 'offline');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.get(id)?.serverId).toBeUndefined();
    isAway = false;
    dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual(['save offline', 'synced']);
    expect(bound).toEqual([`${id} 101`]);
    expect(store.get(id)).toMatchObject({ serverId: '101' });
    isAway = true;
    store.markDeleted(id);
    await vi.advanceTimersByTimeAsync(10_000);
    // Its pictures do not wait for the backend, and go once.
    expect(calls.slice(2)).toEqual(['pictures of offline']);
    isAway = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls.slice(3)).toEqual(['remove', 'synced']);
    expect(store.unsynced()).toEqual([]);
    stop();
  } finally {
    vi.useRealTimers();
  }
});

test('a note that the backend refuses does not stop the others, and is tried again; pictures that could not be removed are, too', async () => {
  vi.useFakeTimers();
  try {
    const store = createNoteStore(localStorage);
    const [refused, fine, deleted] = [store.create(), store.create(), store.create()];
    store.edit(refused.id, () => 'refused');
    store.edit(fine.id, () => 'fine');
    store.markDeleted(deleted.id);
    let isRefused = true;
    const saved: string[] = [];
    const backend: NotesBackend = {
      list: async () => [],
      async save(_id, { text }) {
        if (text === 'refused' && isRefused) throw new Error('HTTP 400');
        saved.push(text);
        return { server_id: '1' };
      },
      remove: async (id) => void saved.push(`remove ${id}`),
    };
    const onDeleted = vi.fn(async () => {}).mockRejectedValueOnce(new Error('The storage is away.'));
    const stop = createNoteSync({ store, backend, onServerId: async () => {}, onDeleted, onSynced: () => {} }).start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(saved.toSorted()).toEqual(['fine', `remove ${deleted.id}`]);
    expect(onDeleted).toHaveBeenCalledTimes(2);
    isRefused = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(saved).toContain('refused');
    expect(store.unsynced()).toEqual([]);
    stop();
  } finally {
    vi.useRealTimers();
  }
});
