import { configuredMount, toMount } from '../client/config.ts';
import { createSubscribable } from '../client/subscribable.ts';
import { browserEnvironment } from './browserEnvironment.ts';
import { createStorageWatch } from './createStorageWatch.ts';
import { createUploadActions } from './createUploadActions.ts';
import { createUploadList } from './createUploadList.ts';
import type { TabPort } from './environment.ts';
import { fillCache } from './fillCache.ts';
import type { ImageUploads, ImageUploadsOptions, Upload, UploadCallOptions, UploadsStatus } from './imageUploads.ts';
import { createJobIds } from './jobId.ts';
import { createOutbox } from './outbox/createOutbox.ts';
import { openDatabase as openRealDatabase } from './outbox/openDatabase.ts';
import { prepareJob } from './prepareJob.ts';
import { createJobStore } from './queue/createJobStore.ts';
import { createSender, type Sender } from './queue/createSender.ts';
import { DEFAULT_RETRY_DELAYS } from './queue/jobState.ts';
import { IDLE, isSameButProgress, type LiveState } from './queue/liveState.ts';
import { createLocks } from './queue/locks.ts';
import type { StoredJob } from './queue/storedJob.ts';
import type { TabMessage } from './queue/tabMessage.ts';
import { type Leadership, takeTurns } from './queue/takeTurns.ts';
import { imageIdOf, toTransportJob } from './queue/toTransportJob.ts';
import { readPicked } from './readPicked.ts';
import { serverTransport } from './transports/serverTransport.ts';
import { UploadError } from './uploadError.ts';

/** Uploads that can be started and stopped again and again, as React does with effects. */
export interface StartableUploads extends ImageUploads {
  /** @returns a function that stops it */
  start(): () => void;
}

/** Rows of pictures that the bucket has, and of canceled ones, are kept for so long. */
const KEEP_ROWS_MS = 7 * 24 * 3_600_000;
/** Other tabs are told of progress at most this often. */
const PROGRESS_MS = 200;

/** Puts the parts together. @param openDatabase for tests */
export function createUploads(options: ImageUploadsOptions = {}, openDatabase = openRealDatabase): StartableUploads {
  const { owner = '', prefix = 'uploads', prepare = {}, concurrency = 2, env = browserEnvironment } = options;
  const { retryDelays = DEFAULT_RETRY_DELAYS, limits: { maxFileSize = 50e6, maxOutboxSize = 1e9 } = {} } = options;
  const project = options.project ?? definedProject();
  const mount = (): string | undefined => (options.base === undefined ? configuredMount() : toMount(options.base));
  const transport = options.transport ?? serverTransport({ ...(options.base !== undefined && { base: options.base }) });
  const name = `image-cache-uploads:${project}:${owner}`;

  const changes = createSubscribable<void>();
  const nextId = createJobIds(env.now, env.randomBytes);
  const tabId = nextId();
  let port: TabPort | undefined;
  let leadership: Leadership | undefined;
  let live: LiveState = IDLE;
  let cancelTelling: (() => void) | undefined;
  let status: UploadsStatus | undefined;
  let isReady = false;

  const tell = (message: TabMessage): void => port?.post(message);
  const outbox = createOutbox(project, reload, openDatabase);
  const jobs = createJobStore(outbox, owner, env.now, tell);
  const locks = createLocks(name, env, outbox, tabId);
  const storage = createStorageWatch(env.storage, changed);
  const actions = createUploadActions({
    jobs,
    outbox,
    insist: () => hurry('insist'),
    get: (jobId) => shown.get(jobId),
    subscribe: changes.subscribe,
  });
  const shown = createUploadList(jobs, () => live, retryDelays.length + 1, actions);
  jobs.subscribe(changed);

  function changed(): void {
    shown.changed();
    status = undefined;
    changes.emit();
  }

  function reload(): void {
    // Without storage there is nothing to be shown, and saving says why.
    jobs.load().catch(() => {});
  }

  function hurry(type: 'nudge' | 'insist'): void {
    const sender = leadership?.sender;
    if (sender) sender.hurry(type);
    else tell({ type });
  }

  function setLive(next: LiveState): void {
    const isProgress = isSameButProgress(live, next);
    live = next;
    if (!isProgress) tellLive();
    else cancelTelling ??= env.after(PROGRESS_MS, tellLive);
    changed();
  }

  function tellLive(): void {
    cancelTelling?.();
    cancelTelling = undefined;
    tell({ type: 'live', live });
  }

  function onMessage(message: unknown): void {
    // Only pages of this origin can write to the channel, and this is all that ours write.
    const told = message as TabMessage;
    const sender = leadership?.sender;
    jobs.take(told);
    if (told.type === 'live' && !sender) {
      live = told.live;
      changed();
    }
    if (told.type === 'hello' && sender) tell({ type: 'live', live: sender.live });
    if ((told.type === 'nudge' || told.type === 'insist') && sender) sender.hurry(told.type);
  }

  const prepareAlone = async (job: StoredJob): Promise<void> => {
    await locks.tryHold(`prepare ${job.jobId}`, () => prepareJob(job, prepare, jobs, outbox, env.now));
  };

  async function beginTurn(): Promise<Sender> {
    await jobs.load();
    await sweep();
    return createSender({
      jobs,
      outbox,
      transport,
      env,
      concurrency,
      retryDelays,
      toTransportJob: (job) => toTransportJob(job, project, prefix),
      prepare: prepareAlone,
      onLive: setLive,
      onStored({ s3Url }) {
        storage.refresh();
        if (!transport.fillsCache) fillCache(mount(), s3Url);
      },
    });
  }

  /** Rows whose end is a week ago. Those of failed pictures are never removed. */
  async function sweep(): Promise<void> {
    const before = env.now() - KEEP_ROWS_MS;
    const old = jobs.all().filter(({ state, createdAt, uploadedAt, isCancelUntold }) => {
      const isOver = state === 'stored' || (state === 'canceled' && !isCancelUntold);
      return isOver && (uploadedAt ?? createdAt) < before;
    });
    await jobs.remove(old.map(({ jobId }) => jobId));
  }

  async function enqueue(file: Blob, givenName: string | undefined): Promise<Upload> {
    const { bytes, type, filename, warning } = await readPicked(file, givenName, maxFileSize);
    const size = bytes.byteLength;
    const job: StoredJob = {
      jobId: nextId(),
      owner,
      state: 'staged',
      revision: 1,
      filename,
      type,
      size,
      createdAt: env.now(),
      heldBytes: size,
      prepareStarts: 0,
      attempts: 0,
      warning,
    };
    const endSaving = shown.saving(job);
    changed();
    try {
      // No other tab prepares it meanwhile.
      await locks.tryHold(`prepare ${job.jobId}`, async () => {
        await jobs.add(job, bytes, maxOutboxSize);
        // It is durable now. Whatever happens to what follows is done again by the tab that sends.
        storage.askToPersist();
        await prepareJob(job, prepare, jobs, outbox, env.now).catch(() => {});
      });
    } finally {
      endSaving();
      changed();
    }
    storage.refresh();
    const upload = shown.get(job.jobId);
    if (!upload) throw new UploadError({ code: 'STORAGE_UNAVAILABLE', message: 'The picture is gone again.' });
    return upload;
  }

  async function upload(
    files: FileList | Iterable<File | Blob> | File | Blob,
    { filename, onSaved }: UploadCallOptions = {},
  ): Promise<Upload[]> {
    // A copy: a FileList is emptied when the input is.
    const picked = files instanceof Blob ? [files] : Array.from(files);
    const saved: Upload[] = [];
    const errors: UploadError[] = [];
    // One after the other, so that only one is in memory.
    for (const file of picked) {
      try {
        const upload = await enqueue(file, filename);
        saved.push(upload);
        onSaved?.(upload);
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        errors.push(error);
      }
    }
    const [first, ...others] = errors;
    if (!first) return saved;
    if (others.length === 0) throw first;
    const message = `${errors.length} of ${picked.length} pictures were not saved.`;
    throw new UploadError({ code: 'SOME_REFUSED', message, hint: first.hint, errors });
  }

  function begin(): void {
    port = env.openPort(name, onMessage);
    leadership = takeTurns(locks, env, beginTurn, changed);
    tell({ type: 'hello' });
    // Without storage there is nothing to be shown, and saving says why.
    void jobs
      .load()
      .catch(() => {})
      .finally(() => {
        isReady = true;
        changed();
      });
    storage.refresh();
  }

  async function end(): Promise<void> {
    const own = leadership;
    leadership = undefined;
    const ownPort = port;
    port = undefined;
    live = IDLE;
    await own?.stop();
    ownPort?.close();
  }

  let unsubscribePage = (): void => {};

  function start(): () => void {
    // A server that renders the page has no storage.
    if (typeof indexedDB === 'undefined' && typeof document === 'undefined') return () => {};
    begin();
    unsubscribePage();
    unsubscribePage = env.onPage((event) => {
      if (event === 'left') void end();
      else if (event === 'shown' && !leadership) begin();
      else if (event === 'hidden') leadership?.yieldTurn();
      else if (event === 'reached') {
        reload();
        hurry('nudge');
      }
    });
    return () => {
      unsubscribePage();
      void end();
    };
  }

  return {
    start,
    upload,
    list: shown.list,
    get: shown.get,
    subscribe: (listener) => changes.subscribe(listener),
    status: () => (status ??= currentStatus()),
    notifySynced: () => hurry('nudge'),
    get isReady() {
      return isReady;
    },
    async bytesOf(imageRef) {
      const imageId = imageIdOf(imageRef);
      const job = jobs.all().find(({ body, heldBytes }) => heldBytes !== undefined && body?.imageId === imageId);
      return job && outbox.bytesOf(job);
    },
    urlOf(imageRef) {
      const base = mount();
      const file = imageRef.split('/').at(-1);
      return base === undefined || imageIdOf(imageRef) === undefined ? undefined : `${base}/i/${file}`;
    },
    async close() {
      unsubscribePage();
      await end();
      await outbox.close();
    },
  };

  function currentStatus(): UploadsStatus {
    const counts = shown.counts();
    const blocked =
      live.network === 'blocked' ? live.error : jobs.all().find(({ state }) => state === 'blocked')?.error;
    const held = jobs.all().reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0);
    return {
      network: env.isOnline() ? live.network : 'offline',
      counts,
      bytesPending: held,
      storage: storage.status,
      isSender: leadership?.sender !== undefined,
      ...(blocked && { blocked }),
    };
  }
}

/** What the plugin has told the page. */
function definedProject(): string {
  return typeof __IMAGE_CACHE_PROJECT__ === 'undefined' ? 'default' : __IMAGE_CACHE_PROJECT__;
}
