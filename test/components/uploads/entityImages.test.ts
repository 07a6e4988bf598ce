// @vitest-environment node
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { createUploadList } from '../../../components/uploads/createUploadList.ts';
import { entityImages } from '../../../components/uploads/entityImages.ts';
import type { Upload } from '../../../components/uploads/imageUploads.ts';
import type { Outbox } from '../../../components/uploads/outbox/createOutbox.ts';
import { createJobStore, type JobStore } from '../../../components/uploads/queue/createJobStore.ts';
import { IDLE } from '../../../components/uploads/queue/liveState.ts';
import type { StoredJob } from '../../../components/uploads/queue/storedJob.ts';
import type { UploadActions } from '../../../components/uploads/toUpload.ts';
import { uploadOf } from './react/fakeUploads.ts';

const urlOf = (ref: string): string => `http://server.test${ref}`;
const refOf = (letter: string): string => `/api/cache/i/${letter.repeat(32)}.png`;
const linked = { status: 'linked', attempts: 0, nextAttemptAt: null, error: null } as const;

const of = (...uploads: Partial<Upload>[]) => entityImages(uploads.map(uploadOf), urlOf);

test('an entity without pictures has all', () => {
  expect(of()).toEqual({
    hasPendingImageUploads: false,
    hasUnsyncedImages: false,
    pendingImageCount: 0,
    syncedImageUrls: [],
    localOnlyImageRefs: [],
    uploads: [],
  });
});

test.each([
  ['saving', true, true],
  ['pending', true, true],
  ['uploading', true, true],
  ['processing', true, true],
  ['blocked', true, true],
  ['paused', true, true],
  ['failed', false, true],
  ['missing', false, true],
  ['canceled', false, false],
  ['uploaded', false, false],
] as const)('%s: pending %s, unsynced %s', (status, isPending, isUnsynced) => {
  const ref = refOf('a');
  expect(of({ status, ref })).toMatchObject({
    hasPendingImageUploads: isPending,
    pendingImageCount: isPending ? 1 : 0,
    hasUnsyncedImages: isUnsynced,
    localOnlyImageRefs: isUnsynced ? [ref] : [],
    syncedImageUrls: status === 'uploaded' ? [urlOf(ref)] : [],
  });
});

test('what the bucket has, and the app was not told of yet, is not synced, and not only here', () => {
  const ref = refOf('a');
  expect(of({ status: 'uploaded', ref, link: { ...linked, status: 'due' } })).toMatchObject({
    hasUnsyncedImages: true,
    hasPendingImageUploads: false,
    localOnlyImageRefs: [],
  });
  expect(of({ status: 'uploaded', ref, link: linked }).hasUnsyncedImages).toBe(false);
});

test('each URL and reference is there once; a copy of a picture that the bucket has is not only here', () => {
  const [a, b] = [refOf('a'), refOf('b')];
  const s3Url = 'https://b.s3.amazonaws.com/a.png';
  const images = of(
    { status: 'uploaded', ref: a, s3Url },
    { status: 'uploaded', ref: a, s3Url },
    { status: 'pending', ref: a },
    { status: 'pending', ref: b },
    { status: 'failed', ref: b },
    { status: 'saving', ref: undefined },
  );
  expect(images).toMatchObject({ syncedImageUrls: [s3Url], localOnlyImageRefs: [b], pendingImageCount: 3 });
});

const ENTITIES = 1_000;
const PICTURES = 5;
const entityOf = (number: number) => ({ type: 'note', id: `note-${number}` });

function jobOf(entity: number, picture: number): StoredJob {
  const jobId = (entity * PICTURES + picture).toString(16).padStart(32, '0');
  return {
    jobId,
    owner: '',
    state: picture === 0 ? 'prepared' : 'stored',
    revision: 1,
    entity: entityOf(entity),
    filename: 'a.png',
    type: 'image/png',
    size: 10,
    createdAt: 1,
    prepareStarts: 0,
    attempts: 0,
    body: { sha256: jobId + jobId, imageId: jobId, ext: 'png' },
  };
}

async function setUp() {
  const rows = Array.from({ length: ENTITIES }, (_, entity) =>
    Array.from({ length: PICTURES }, (__, picture) => jobOf(entity, picture)),
  ).flat();
  // As much of it as is asked for here. Nothing else holds the rows.
  const outbox = { jobs: async () => rows.splice(0), remove: async () => {} } as unknown as Outbox;
  const jobs: JobStore = createJobStore(
    outbox,
    '',
    () => 1,
    () => {},
  );
  // Called once for each view that is made.
  const actions = vi.fn<() => void>();
  /** Of each view that is made, what it holds. */
  const held = new Set<WeakRef<UploadActions>>();
  const actionsOf = (): UploadActions => {
    actions();
    const own = {} as UploadActions;
    held.add(new WeakRef(own));
    return own;
  };
  const changed = vi.fn<() => void>();
  jobs.subscribe(changed);
  await jobs.load();
  const shown = createUploadList(jobs, () => IDLE, { maxAttempts: 6, link: undefined }, actionsOf);
  return { jobs, shown, actions, changed, held };
}

test('1,000 entities with 5 pictures each: a change of one makes one view anew, and the lists of the others stay', async () => {
  const { jobs, shown, actions, changed } = await setUp();
  expect(changed).toHaveBeenCalledTimes(1);
  const before = Array.from({ length: ENTITIES }, (_, number) => shown.listOf(entityOf(number)));
  expect(actions).toHaveBeenCalledTimes(ENTITIES * PICTURES);
  actions.mockClear();
  jobs.take({ type: 'job', job: { ...jobOf(500, 0), revision: 2, state: 'stored' } });
  shown.changed();
  const all = vi.spyOn(jobs, 'all');
  const after = Array.from({ length: ENTITIES }, (_, number) => shown.listOf(entityOf(number)));
  expect(actions).toHaveBeenCalledTimes(1);
  expect(all).not.toHaveBeenCalled();
  expect(after.flatMap((list, number) => (list === before[number] ? [] : number))).toEqual([500]);
  expect(entityImages(after[500] ?? [], urlOf).syncedImageUrls).toHaveLength(PICTURES);
  expect(after[500]?.map(({ jobId }) => jobId)).toEqual(before[500]?.map(({ jobId }) => jobId));
});

test('1,000 entities with 5 pictures each: the helpers answer in less than 5 ms', async () => {
  const { jobs, shown } = await setUp();
  const times: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    const number = (round * 7) % ENTITIES;
    jobs.take({ type: 'job', job: { ...jobOf(number, 0), revision: 2 + round, state: 'stored' } });
    shown.changed();
    const began = performance.now();
    entityImages(shown.listOf(entityOf(number)), urlOf);
    times.push(performance.now() - began);
  }
  // The median, since a machine of tests has other work, too.
  expect(times.toSorted((a, b) => a - b)[100]).toBeLessThan(5);
});

test('entities whose rows are gone take no memory: their index is gone, too', async () => {
  const { jobs, shown } = await setUp();
  const ids = Array.from({ length: PICTURES }, (_, picture) => jobOf(7, picture).jobId);
  await jobs.remove(ids.slice(1));
  expect(shown.listOf(entityOf(7)).map(({ jobId }) => jobId)).toEqual(ids.slice(0, 1));
  await jobs.remove(ids);
  expect(shown.listOf(entityOf(7))).toEqual([]);
  // One array for all that have none.
  expect(jobs.ofEntity(entityOf(7))).toBe(jobs.ofEntity(entityOf(100_000)));
});

test('memory is flat: when 5,000 pictures have changed ten times, the list holds 5,000 views, and not 55,000', async () => {
  const { jobs, shown, held } = await setUp();
  const lookAtAll = () => {
    for (let number = 0; number < ENTITIES; number += 1) shown.listOf(entityOf(number));
    expect(shown.list()).toHaveLength(ENTITIES * PICTURES);
  };
  lookAtAll();
  for (let revision = 2; revision < 12; revision += 1) {
    for (const { jobId } of shown.list()) {
      const number = Number.parseInt(jobId, 16);
      const job = jobOf(Math.floor(number / PICTURES), number % PICTURES);
      jobs.take({ type: 'job', job: { ...job, revision, state: revision % 2 === 0 ? 'stored' : 'failed' } });
    }
    shown.changed();
    lookAtAll();
  }
  expect(held.size).toBe(11 * ENTITIES * PICTURES);
  // What was made in this turn is not collected before the next one.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collectGarbage();
  const left = [...held].filter((view) => view.deref() !== undefined);
  expect(left.length).toBe(ENTITIES * PICTURES);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)(); // what the flag makes
}
