import { vi } from 'vitest';
import { createSubscribable } from '../../../../components/client/subscribable.ts';
import type { ImageUploads, Upload, UploadPhase, UploadsStatus } from '../../../../components/uploads/imageUploads.ts';
import { UploadError } from '../../../../components/uploads/uploadError.ts';

const IMAGE_ID = 'ab'.repeat(16);
export const REF = `/api/cache/i/${IMAGE_ID}.png`;

/** An upload as `useUploads` has it. */
export function uploadOf(more: Partial<Upload> = {}): Upload {
  const act = vi.fn<() => Promise<void>>(async () => {});
  return {
    jobId: '1',
    imageId: IMAGE_ID,
    ref: REF,
    entity: undefined,
    filename: 'Beach.png',
    size: 100,
    type: 'image/png',
    status: 'pending',
    places: ['browser'],
    progress: null,
    attempts: 0,
    maxAttempts: 6,
    nextAttemptAt: null,
    error: null,
    warning: undefined,
    createdAt: 1,
    uploadedAt: undefined,
    s3Url: undefined,
    link: null,
    stored: new Promise(() => {}),
    retry: act,
    cancel: vi.fn<Upload['cancel']>(async () => ({ canceled: true })),
    pause: vi.fn<() => Promise<void>>(async () => {}),
    resume: vi.fn<() => Promise<void>>(async () => {}),
    sendAnyway: vi.fn<() => Promise<void>>(async () => {}),
    saveToDisk: vi.fn<() => Promise<void>>(async () => {}),
    ...more,
  };
}

export interface FakeUploads extends ImageUploads {
  /** The uploads of the page from now on. */
  set(uploads: readonly Upload[], status?: Partial<UploadsStatus>): void;
  /** What the browser's storage has been read of. */
  isReady: boolean;
  bytes: Map<string, Blob>;
}

/** Uploads whose state a test sets. `upload()` saves what is named `*.png`. */
export function fakeUploads(): FakeUploads {
  const changes = createSubscribable<void>();
  let list: readonly Upload[] = [];
  const lists = new Map<string, readonly Upload[]>();
  let given: Partial<UploadsStatus> = {};
  let status: UploadsStatus | undefined;
  const fake: FakeUploads = {
    isReady: true,
    bytes: new Map(),
    set(uploads, more = {}) {
      list = uploads;
      given = more;
      status = undefined;
      changes.emit();
    },
    async upload(files, options) {
      const picked = files instanceof Blob ? [files] : Array.from(files);
      const saved: Upload[] = [];
      for (const file of picked) {
        const filename = 'name' in file ? file.name : '';
        if (!filename.endsWith('.png')) {
          throw new UploadError({ code: 'NOT_AN_IMAGE', message: `${filename} is no picture.` });
        }
        const upload = uploadOf({ jobId: `${list.length + 1}`, filename });
        fake.set([upload, ...list]);
        options?.onSaved?.(upload);
        saved.push(upload);
      }
      return saved;
    },
    list: () => list,
    listOf({ type, id }) {
      const key = `${type} ${id}`;
      const own = list.filter(({ entity }) => entity?.type === type && entity.id === id).toReversed();
      const known = lists.get(key);
      if (known?.length === own.length && known.every((upload, index) => upload === own[index])) return known;
      lists.set(key, own);
      return own;
    },
    get: (jobId) => list.find((upload) => upload.jobId === jobId),
    subscribe: (listener) => changes.subscribe(listener),
    status: () => (status ??= { ...statusOf(list), ...given }),
    async bindEntity() {},
    async addImage() {},
    async removeImage() {},
    async removeEntity() {},
    notifySynced() {},
    bytesOf: async (imageRef) => fake.bytes.get(imageRef),
    urlOf: (imageRef) => `http://server.test/api/cache/i/${imageRef.split('/').at(-1)}`,
    async close() {},
  };
  return fake;
}

function statusOf(list: readonly Upload[]): UploadsStatus {
  const phases: UploadPhase[] = [
    'saving',
    'pending',
    'uploading',
    'processing',
    'uploaded',
    'failed',
    'blocked',
    'paused',
    'canceled',
    'missing',
  ];
  const count = (phase: UploadPhase): number => list.filter((upload) => upload.status === phase).length;
  // Each phase is there.
  const counts = Object.fromEntries(phases.map((phase) => [phase, count(phase)])) as UploadsStatus['counts'];
  return {
    network: 'online',
    counts,
    bytesPending: 0,
    storage: { mode: 'indexeddb', persisted: false },
    isSender: true,
  };
}
