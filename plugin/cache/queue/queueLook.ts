import type { Urgency } from '../../protocol.ts';

/** Why a task waits: all slots are taken, or it stands aside for tasks for the screen, or for serving. */
export type WaitReason = 'slot' | 'visible_first' | 'busy';

/** A task, as those see it who only look. Times are milliseconds since the epoch. */
interface TaskLook {
  key: string;
  urgency: Urgency;
  origin: string;
  /** Requesters that are waiting for it. */
  waiters: number;
  queuedAt: number;
}

export interface QueueLook {
  running: (TaskLook & { startedAt: number })[];
  /** In about the order in which they will start. */
  waiting: (TaskLook & { place: number; waitsFor: WaitReason })[];
  runningCount: number;
  waitingCount: number;
}
