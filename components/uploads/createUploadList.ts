import type { Upload, UploadPhase } from './imageUploads.ts';
import type { JobStore } from './queue/createJobStore.ts';
import type { LiveState } from './queue/liveState.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { toUpload, type UploadActions, type ViewRules } from './toUpload.ts';

/** What is shown of the jobs. Each upload stays the same object until something of it changes. */
export interface UploadList {
  /** Newest first. */
  list(): readonly Upload[];
  get(jobId: string): Upload | undefined;
  counts(): Record<UploadPhase, number>;
  /** A picture that is being written, and is not durable yet. @returns a function that ends it */
  saving(job: StoredJob): () => void;
  /** Something has changed. */
  changed(): void;
}

export function createUploadList(
  jobs: JobStore,
  live: () => LiveState,
  rules: ViewRules,
  actions: (jobId: string) => UploadActions,
): UploadList {
  const beingSaved = new Map<string, StoredJob>();
  let views = new Map<string, { job: StoredJob; liveKey: string; upload: Upload }>();
  let shown: readonly Upload[] | undefined;

  function viewOf(job: StoredJob): Upload {
    const now = live();
    const isOpen = job.state === 'staged' || job.state === 'prepared';
    const liveKey = isOpen ? `${now.sending[job.jobId]} ${now.network} ${now.until}` : '';
    const known = views.get(job.jobId);
    if (known?.job === job && known.liveKey === liveKey) return known.upload;
    const upload = toUpload(job, now, rules, actions);
    views.set(job.jobId, { job, liveKey, upload });
    return upload;
  }

  function build(): readonly Upload[] {
    const all = jobs.all();
    const isSaved = new Set(all.map(({ jobId }) => jobId));
    const known = views;
    views = new Map();
    for (const { jobId } of all) {
      const view = known.get(jobId);
      if (view) views.set(jobId, view);
    }
    const unsaved = Array.from(beingSaved.values()).filter(({ jobId }) => !isSaved.has(jobId));
    return [...unsaved.map((job) => toUpload(job, live(), rules, actions, 'saving')), ...all.map(viewOf)].toSorted(
      (a, b) => (a.jobId < b.jobId ? 1 : -1),
    );
  }

  const list = (): readonly Upload[] => (shown ??= build());

  return {
    list,
    get: (jobId) => list().find((upload) => upload.jobId === jobId),
    counts() {
      const counts: Record<UploadPhase, number> = {
        saving: 0,
        pending: 0,
        uploading: 0,
        processing: 0,
        uploaded: 0,
        failed: 0,
        blocked: 0,
        paused: 0,
        canceled: 0,
        missing: 0,
      };
      for (const { status } of list()) counts[status] += 1;
      return counts;
    },
    saving(job) {
      beingSaved.set(job.jobId, job);
      shown = undefined;
      return () => {
        beingSaved.delete(job.jobId);
        shown = undefined;
      };
    },
    changed() {
      shown = undefined;
    },
  };
}
