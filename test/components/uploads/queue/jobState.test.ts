// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { type JobEvent, reduceJob } from '../../../../components/uploads/queue/jobState.ts';
import type { JobState, StoredJob } from '../../../../components/uploads/queue/storedJob.ts';

const error = { code: 'E', message: 'An error.', at: 1 };
const body = { sha256: 'ab'.repeat(32), imageId: 'ab'.repeat(16), ext: 'jpg' };

const common: StoredJob = {
  jobId: '1',
  owner: '',
  state: 'staged',
  revision: 1,
  filename: 'a.jpg',
  type: 'image/jpeg',
  size: 10,
  createdAt: 1,
  heldBytes: 10,
  prepareStarts: 0,
  attempts: 0,
};
const prepared: StoredJob = { ...common, state: 'prepared', body };
const JOBS: Record<JobState | 'blocked by the server', StoredJob> = {
  staged: common,
  prepared,
  accepted: { ...prepared, state: 'accepted', isOnServer: true },
  stored: { ...prepared, state: 'stored', heldBytes: undefined },
  failed: { ...prepared, state: 'failed', error, attempts: 6 },
  blocked: { ...common, state: 'blocked', error },
  'blocked by the server': { ...prepared, state: 'blocked', error, isOnServer: true },
  paused: { ...prepared, state: 'paused' },
  canceled: { ...prepared, state: 'canceled', heldBytes: undefined, isCancelUntold: true },
  missing: { ...prepared, state: 'missing', heldBytes: undefined, error },
};

const EVENTS: Record<string, JobEvent> = {
  preparing: { type: 'preparing' },
  prepared: { type: 'prepared', body, size: 9, mime: 'image/jpeg' },
  delayed: { type: 'delayed', error },
  charged: { type: 'charged', error, nextAttemptAt: 5, maxAttempts: 6 },
  'charged for the last time': { type: 'charged', error, nextAttemptAt: 5, maxAttempts: 1 },
  'given up': { type: 'refused', state: 'failed', error: { ...error, code: 'F' } },
  'blocked there': { type: 'refused', state: 'blocked', error: { ...error, code: 'B' } },
  accepted: { type: 'accepted', nextAttemptAt: 7 },
  stored: { type: 'stored', at: 5 },
  needed: { type: 'needed', at: 5 },
  'bytes gone': { type: 'bytesGone', at: 5, revision: 1 },
  bound: { type: 'bound', serverId: 's' },
  linked: { type: 'linked', at: 9 },
  'link failed': { type: 'linkFailed', error, nextAttemptAt: 9 },
  retry: { type: 'retry' },
  'send anyway': { type: 'sendAnyway' },
  pause: { type: 'pause' },
  resume: { type: 'resume' },
  cancel: { type: 'cancel' },
  removed: { type: 'remove' },
  'its picture is removed': { type: 'remove', imageIds: ['cd'.repeat(16), body.imageId] },
  'another picture is removed': { type: 'remove', imageIds: ['cd'.repeat(16)] },
  'cancel told': { type: 'cancelTold' },
};

const REMOVED = { removed: 'canceled', 'its picture is removed': 'canceled' } as const;
/** It is not known yet which picture it is. */
const noted = (state: JobState) =>
  ({ removed: 'canceled', 'its picture is removed': state, 'another picture is removed': state }) as const;

/** The state after each event; what is not named changes nothing. */
const TABLE: Record<keyof typeof JOBS, Partial<Record<string, JobState>>> = {
  staged: {
    preparing: 'staged',
    prepared: 'prepared',
    delayed: 'staged',
    charged: 'staged',
    'charged for the last time': 'failed',
    'given up': 'failed',
    'blocked there': 'blocked',
    'bytes gone': 'missing',
    retry: 'staged',
    pause: 'paused',
    cancel: 'canceled',
    ...noted('staged'),
  },
  prepared: {
    delayed: 'prepared',
    charged: 'prepared',
    'charged for the last time': 'failed',
    'given up': 'failed',
    'blocked there': 'blocked',
    accepted: 'accepted',
    stored: 'stored',
    'bytes gone': 'missing',
    retry: 'prepared',
    pause: 'paused',
    cancel: 'canceled',
    ...REMOVED,
  },
  accepted: {
    'given up': 'failed',
    'blocked there': 'blocked',
    accepted: 'accepted',
    stored: 'stored',
    needed: 'prepared',
    'bytes gone': 'accepted',
    cancel: 'canceled',
    ...REMOVED,
  },
  stored: { linked: 'stored', 'link failed': 'stored', ...REMOVED },
  failed: {
    accepted: 'accepted',
    stored: 'stored',
    'bytes gone': 'missing',
    retry: 'prepared',
    cancel: 'canceled',
    ...REMOVED,
  },
  // Not prepared: its location cannot be removed.
  blocked: {
    'bytes gone': 'missing',
    retry: 'staged',
    'send anyway': 'staged',
    cancel: 'canceled',
    ...noted('blocked'),
  },
  'blocked by the server': {
    'given up': 'failed',
    'blocked there': 'blocked',
    accepted: 'accepted',
    stored: 'stored',
    needed: 'prepared',
    'bytes gone': 'missing',
    retry: 'prepared',
    cancel: 'canceled',
    ...REMOVED,
  },
  paused: {
    accepted: 'accepted',
    stored: 'stored',
    'bytes gone': 'missing',
    retry: 'prepared',
    resume: 'prepared',
    cancel: 'canceled',
    ...REMOVED,
  },
  canceled: { 'cancel told': 'canceled' },
  missing: { accepted: 'accepted', stored: 'stored', cancel: 'canceled', ...REMOVED },
};

describe.each(Object.entries(JOBS))('%s', (name, job) => {
  test.each(Object.entries(EVENTS))('%s', (what, event) => {
    const expected = TABLE[name as keyof typeof JOBS][what];
    const next = reduceJob(job, event);
    if (expected === undefined) return expect(next).toBe(job);
    expect(next.state).toBe(expected);
    expect(next.revision).toBe(job.revision + 1);
  });

  test('I7: bytes are dropped in `stored`, `canceled` and `missing` only, and a stored or canceled job has none', () => {
    for (const event of Object.values(EVENTS)) {
      const next = reduceJob(job, event);
      if (next.heldBytes !== undefined || job.heldBytes === undefined) continue;
      const isOver = ['stored', 'canceled', 'missing'].includes(next.state);
      // The bytes of an accepted one were evicted: nothing of ours has dropped them.
      expect(isOver || event.type === 'bytesGone', event.type).toBe(true);
    }
  });

  test('I6: after a cancellation nothing comes but that it was told', () => {
    const canceled = reduceJob(job, { type: 'cancel' });
    if (canceled.state !== 'canceled') return;
    for (const event of Object.values(EVENTS)) expect(reduceJob(canceled, event).state).toBe('canceled');
  });
});

test('a retry begins with all tries, and without the error', () => {
  expect(reduceJob(JOBS.failed, { type: 'retry' })).toMatchObject({ attempts: 0, error: undefined });
});

test('a server that says the same again changes nothing', () => {
  const accepted = reduceJob(JOBS.accepted, { type: 'accepted', nextAttemptAt: 7, error });
  expect(reduceJob(accepted, { type: 'accepted', nextAttemptAt: 7, error: { ...error, at: 9 } })).toBe(accepted);
});

test('bytes that were looked for under an older revision say nothing of this one', () => {
  const job = reduceJob(JOBS.staged, { type: 'preparing' });
  expect(reduceJob(job, { type: 'bytesGone', at: 5, revision: 1 })).toBe(job);
});

test('the id that a server gives an entity is taken over in every state, once', () => {
  for (const each of Object.values(JOBS)) {
    const job = { ...each, entity: { type: 'note', id: 'a' } };
    const bound = reduceJob(job, { type: 'bound', serverId: 's' });
    expect(bound).toMatchObject({ state: each.state, entity: { type: 'note', id: 'a', serverId: 's' } });
    expect(reduceJob(bound, { type: 'bound', serverId: 't' })).toBe(bound);
  }
});

test('I6: a picture that turns out to be one that was removed meanwhile is canceled, and another one goes on', () => {
  const job = reduceJob(common, { type: 'remove', imageIds: [body.imageId] });
  const prepare = { type: 'prepared', size: 9, mime: 'image/jpeg' } as const;
  expect(reduceJob(job, { ...prepare, body })).toMatchObject({ state: 'canceled', heldBytes: undefined });
  const other = { ...body, imageId: 'cd'.repeat(16) };
  expect(reduceJob(job, { ...prepare, body: other })).toMatchObject({ state: 'prepared', heldBytes: 9 });
});

test('a stored picture that is removed has nothing to be canceled on a server, and nothing to be linked', () => {
  const linked = reduceJob(JOBS.stored, { type: 'linkFailed', error, nextAttemptAt: 5 });
  const removed = reduceJob(linked, { type: 'remove' });
  expect(removed).toMatchObject({ state: 'canceled', link: undefined, isCancelUntold: undefined });
  expect(reduceJob(JOBS.prepared, { type: 'remove' })).toMatchObject({ isCancelUntold: true });
});
