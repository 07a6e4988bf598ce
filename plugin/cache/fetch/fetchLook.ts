import type { QueueLook } from '../queue/queueLook.ts';
import type { Arrival } from './arrival.ts';
import { identityOf } from './queueKeys.ts';

/** A task of the queue, with what it is about, and until when its origin wants no request. */
type Looked<Task> = Task & { s3Url: string; kind: 'download' | 'revalidation'; until: number | undefined };

/** The downloads and revalidations, as those see them who only look. */
export interface FetchLook extends Pick<QueueLook, 'runningCount' | 'waitingCount'> {
  running: (Looked<QueueLook['running'][number]> & { arrival: Arrival | undefined })[];
  waiting: Looked<QueueLook['waiting'][number]>[];
}

/** @param arrivals how far the running ones are, by their key in the queue */
export function fetchLook(
  { running, waiting, ...counts }: QueueLook,
  arrivals: ReadonlyMap<string, Arrival>,
  heldUntil: (origin: string) => number | undefined,
): FetchLook {
  const looked = <Task extends { key: string; origin: string }>(task: Task): Looked<Task> =>
    Object.assign(task, identityOf(task.key), { until: heldUntil(task.origin) });
  return {
    running: running.map((task) => Object.assign(looked(task), { arrival: arrivals.get(task.key) })),
    waiting: waiting.map(looked),
    ...counts,
  };
}
