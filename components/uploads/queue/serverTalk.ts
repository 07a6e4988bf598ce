import type { UploadsEnvironment } from '../environment.ts';
import type { TransportJob, UploadTransport } from '../transport.ts';
import type { JobStore } from './createJobStore.ts';
import type { Verdicts } from './createVerdicts.ts';
import type { StoredJob } from './storedJob.ts';

/** What it takes to talk with the other side about jobs, and to write down what it says. */
export interface ServerTalk {
  readonly jobs: JobStore;
  readonly transport: UploadTransport;
  readonly env: UploadsEnvironment;
  readonly verdicts: Verdicts;
  /** Aborted when this tab's turn to send has ended. */
  readonly signal: AbortSignal;
  toTransportJob(job: StoredJob): TransportJob | undefined;
}
