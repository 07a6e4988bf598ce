import type { QueueAnswer, QueueItem } from '../../inspectorProtocol.ts';
import type { FetchLook } from '../fetch/fetchLook.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { ImageRef } from '../injected/source.ts';

/** Downloads of each kind that one answer shows. */
const MAX_SHOWN = 100;

/** What is being downloaded, what waits, and for what. */
export function queueView<Ref extends ImageRef>(fetcher: Fetcher<Ref>, now: number): QueueAnswer {
  const { limit, limitChanges, concurrency, maxConcurrency } = fetcher;
  const { running, waiting, runningCount, waitingCount } = fetcher.look(MAX_SHOWN);
  return {
    now,
    running: running.map(runningItem),
    waiting: waiting.map(waitingItem),
    running_count: runningCount,
    waiting_count: waitingCount,
    limit: {
      visible: concurrency,
      background: limit,
      max_background: maxConcurrency,
      changes: [...limitChanges],
    },
  };
}

function runningItem({ arrival, startedAt, until, ...job }: FetchLook['running'][number]): QueueItem {
  const item: QueueItem = { ...common(job), started_at: startedAt };
  if (until !== undefined) Object.assign(item, { until, waits_for: 'slow_down' });
  if (arrival === undefined) return item;
  const { receivedBytes, totalBytes, attempt } = arrival;
  Object.assign(item, { received_bytes: receivedBytes, attempt });
  if (totalBytes !== undefined) item.total_bytes = totalBytes;
  return item;
}

function waitingItem({ place, waitsFor, until, ...job }: FetchLook['waiting'][number]): QueueItem {
  const item: QueueItem = { ...common(job), place, waits_for: waitsFor };
  if (until !== undefined) Object.assign(item, { until, waits_for: 'slow_down' });
  return item;
}

function common({ s3Url, kind, urgency, waiters, queuedAt }: Common): QueueItem {
  return { s3_url: s3Url, kind, urgency, waiters, queued_at: queuedAt };
}

type Common = Pick<FetchLook['waiting'][number], 's3Url' | 'kind' | 'urgency' | 'waiters' | 'queuedAt'>;
