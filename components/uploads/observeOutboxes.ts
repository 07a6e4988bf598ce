import { browserEnvironment } from './browserEnvironment.ts';
import type { Entity } from './entity.ts';
import type { UploadFault } from './imageUploads.ts';
import { projectOf, tabsName } from './names.ts';
import { createOutbox, type Outbox } from './outbox/createOutbox.ts';
import { DATABASE_VERSION } from './outbox/openDatabase.ts';
import type { JobState, StoredJob } from './queue/storedJob.ts';
import type { TabMessage } from './queue/tabMessage.ts';
import { saveToDisk } from './saveToDisk.ts';

/** A picture in the browser's storage, as it is kept there. */
export interface ObservedUpload {
  readonly jobId: string;
  /** The project whose database it is in. */
  readonly project: string;
  readonly owner: string;
  readonly state: JobState;
  readonly filename: string;
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAttemptAt: number | undefined;
  readonly entity: Entity | undefined;
  readonly error: UploadFault | undefined;
  readonly hasBytes: boolean;
  readonly isOnServer: boolean;
  readonly s3Url: string | undefined;
}

/** The uploads that pages of this origin keep in the browser, seen from beside them. */
export interface OutboxObserver {
  /** Newest first, of all projects and owners. */
  list(): Promise<ObservedUpload[]>;
  /** `undefined` when the browser does not have them. */
  bytesOf(upload: ObservedUpload): Promise<Blob | undefined>;
  /** Begins anew, with all tries: the app's page does, if it is open. */
  retry(upload: ObservedUpload): Promise<void>;
  /** Cancels it, and drops its bytes. */
  discard(upload: ObservedUpload): Promise<void>;
  /** Offers the bytes as a download. @returns whether the browser has them */
  saveToDisk(upload: ObservedUpload): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Looks at the uploads of the pages of this origin, and never sends any: that is left to the app, which alone knows what to tell whom
 * afterwards. Opens only databases that are there, so looking leaves nothing behind.
 */
export function observeOutboxes(databases = () => indexedDB.databases(), env = browserEnvironment): OutboxObserver {
  const outboxes = new Map<string, Outbox>();

  function outboxOf(project: string): Outbox {
    const outbox = outboxes.get(project) ?? createOutbox(project);
    outboxes.set(project, outbox);
    return outbox;
  }

  async function jobOf({ project, jobId }: ObservedUpload): Promise<StoredJob | undefined> {
    return (await outboxOf(project).jobs()).find((job) => job.jobId === jobId);
  }

  async function bytesOf(upload: ObservedUpload): Promise<Blob | undefined> {
    const job = await jobOf(upload);
    return job && outboxOf(upload.project).bytesOf(job);
  }

  /** The pages of the app learn of it as from a tab of their own. */
  async function apply({ project, owner, jobId }: ObservedUpload, type: 'retry' | 'cancel'): Promise<void> {
    const job = await outboxOf(project).apply(jobId, { type });
    if (!job) return;
    const port = env.openPort(tabsName(project, owner), () => {});
    const messages: TabMessage[] = [{ type: 'job', job }, { type: 'insist' }];
    for (const message of messages) port.post(message);
    port.close();
  }

  return {
    async list() {
      const all = await databases();
      const projects = all.flatMap(({ name = '', version }) =>
        version === DATABASE_VERSION ? (projectOf(name) ?? []) : [],
      );
      const lists = await Promise.all(
        projects.map(async (project) => (await outboxOf(project).jobs()).map((job) => toObserved(project, job))),
      );
      return lists.flat().toSorted((a, b) => b.createdAt - a.createdAt);
    },
    bytesOf,
    retry: (upload) => apply(upload, 'retry'),
    discard: (upload) => apply(upload, 'cancel'),
    async saveToDisk(upload) {
      const bytes = await bytesOf(upload);
      if (bytes) saveToDisk(bytes, upload.filename);
      return bytes !== undefined;
    },
    async close() {
      await Promise.all(Array.from(outboxes.values(), (outbox) => outbox.close()));
      outboxes.clear();
    },
  };
}

function toObserved(project: string, job: StoredJob): ObservedUpload {
  const { jobId, owner, state, filename, type, size, createdAt, attempts, entity, error, s3Url } = job;
  const { nextAttemptAt, heldBytes, isOnServer = false } = job;
  return {
    jobId,
    project,
    owner,
    state,
    filename,
    type,
    size,
    createdAt,
    attempts,
    nextAttemptAt,
    entity,
    error,
    s3Url,
    hasBytes: heldBytes !== undefined,
    isOnServer,
  };
}
