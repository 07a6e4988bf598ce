import type { UploadsEnvironment } from '../environment.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import type { TransportJob, UploadTransport } from '../transport.ts';
import type { JobStore } from './createJobStore.ts';
import type { LinkStep } from './createLinks.ts';
import type { RemovalWords } from './createRemovals.ts';
import type { LiveState } from './liveState.ts';
import type { StoredJob } from './storedJob.ts';

export interface SenderParts {
  readonly jobs: JobStore;
  readonly outbox: Outbox;
  readonly transport: UploadTransport;
  readonly env: UploadsEnvironment;
  /** Pictures at a time. */
  readonly concurrency: number;
  readonly retryDelays: readonly number[];
  /** How the app is told of its pictures, if it wants to be. */
  readonly link: LinkStep | undefined;
  toTransportJob(job: StoredJob): TransportJob | undefined;
  /** Prepares one that was left over, unless another tab is at it. */
  prepare(job: StoredJob): Promise<void>;
  readonly owner: string;
  toRemoval: RemovalWords;
  onLive(live: LiveState): void;
  /** The bucket has a picture now. */
  onStored(job: StoredJob): void;
}

export interface Sender {
  /** Looks for something to do. */
  wake(): void;
  /** `nudge`: what waits because nothing answered is tried now; `insist`: whatever waits; `removal`: there is one more to tell. */
  hurry(type: 'nudge' | 'insist' | 'removal'): void;
  /** Starts nothing more. Resolves when what is under way has ended. */
  retire(): Promise<void>;
  /** Breaks off what is under way. */
  stop(): Promise<void>;
  readonly live: LiveState;
}
