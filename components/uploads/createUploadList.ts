import { type Entity, entityKey } from './entity.ts';
import type { Upload, UploadPhase } from './imageUploads.ts';
import type { JobStore } from './queue/createJobStore.ts';
import type { LiveState } from './queue/liveState.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { toUpload, type UploadActions, type ViewRules } from './toUpload.ts';

/** What is shown of the jobs. Each upload stays the same object until something of it changes. */
export interface UploadList {
  /** Newest first. */
  list(): readonly Upload[];
  /** Of an entity, oldest first. The same array until something of them changes; the other entities are not looked at. */
  listOf(entity: Entity): readonly Upload[];
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
  const views = new WeakMap<StoredJob, { liveKey: string; upload: Upload }>();
  /** By the jobs of an entity. */
  const lists = new WeakMap<readonly StoredJob[], readonly Upload[]>();
  /** Of entities of which a picture is being written. */
  const savingLists = new Map<string, readonly Upload[]>();
  let shown: readonly Upload[] | undefined;

  function viewOf(job: StoredJob, status?: 'saving'): Upload {
    const now = live();
    const isOpen = job.state === 'staged' || job.state === 'prepared';
    const liveKey = status ?? (isOpen ? `${now.sending[job.jobId]} ${now.network} ${now.until}` : '');
    const known = views.get(job);
    if (known?.liveKey === liveKey) return known.upload;
    const upload = toUpload(job, now, rules, actions, status);
    views.set(job, { liveKey, upload });
    return upload;
  }

  const unsaved = (): StoredJob[] => Array.from(beingSaved.values()).filter(({ jobId }) => !jobs.get(jobId));

  function build(): readonly Upload[] {
    const all = [...unsaved().map((job) => viewOf(job, 'saving')), ...jobs.all().map((job) => viewOf(job))];
    return all.toSorted((a, b) => (a.jobId < b.jobId ? 1 : -1));
  }

  function listOf(entity: Entity): readonly Upload[] {
    const key = entityKey(entity);
    const stored = jobs.ofEntity(entity);
    const saving = unsaved().filter((job) => job.entity && entityKey(job.entity) === key);
    const known = saving.length > 0 ? savingLists.get(key) : lists.get(stored);
    const next = [...stored.map((job) => viewOf(job)), ...saving.map((job) => viewOf(job, 'saving'))];
    if (known?.length === next.length && known.every((upload, index) => upload === next[index])) return known;
    if (saving.length > 0) savingLists.set(key, next);
    else lists.set(stored, next);
    return next;
  }

  const list = (): readonly Upload[] => (shown ??= build());

  return {
    list,
    listOf,
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
        savingLists.clear();
        shown = undefined;
      };
    },
    changed() {
      shown = undefined;
    },
  };
}
