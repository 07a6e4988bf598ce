import { configuredBaseUrl, toBaseUrl } from '../client/config.ts';
import { createSubscribable } from '../client/subscribable.ts';
import { browserEnvironment } from './browserEnvironment.ts';
import { createFaultLog } from './createFaultLog.ts';
import { createStorageWatch } from './createStorageWatch.ts';
import { createAddImage } from './createAddImage.ts';
import { createUpload } from './createUpload.ts';
import { createRemoveActions } from './createRemoveActions.ts';
import { createUploadActions } from './createUploadActions.ts';
import { createUploadList } from './createUploadList.ts';
import { toEntity } from './entity.ts';
import { fillCache } from './fillCache.ts';
import { imageIdOf } from './imageRef.ts';
import type { ImageUploads, ImageUploadsOptions, UploadFault, UploadsStatus } from './imageUploads.ts';
import { createJobIds } from './jobId.ts';
import { tabsName } from './names.ts';
import { createOutbox } from './outbox/createOutbox.ts';
import { openDatabase as openRealDatabase } from './outbox/openDatabase.ts';
import { isDrawn, prepareJob } from './prepareJob.ts';
import { createJobStore } from './queue/createJobStore.ts';
import { createSender } from './queue/createSender.ts';
import type { Sender } from './queue/sender.ts';
import { createTabLink } from './queue/createTabLink.ts';
import { DEFAULT_RETRY_DELAYS } from './queue/jobState.ts';
import { createLocks } from './queue/locks.ts';
import { finishedRows } from './queue/finishedRows.ts';
import { createRefill } from './queue/createRefill.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { type Leadership, takeTurns } from './queue/takeTurns.ts';
import { toRemoval } from './queue/toRemoval.ts';
import { toTransportJob } from './queue/toTransportJob.ts';
import { toStoredImage } from './toStoredImage.ts';
import { serverTransport } from './transports/serverTransport.ts';
import { uploadsStatus } from './uploadsStatus.ts';
import { UploadError } from './uploadError.ts';

/** Uploads that can be started and stopped again and again, as React does with effects. */
export interface StartableUploads extends ImageUploads {
  /** @returns a function that stops it */
  start(): () => void;
}

/** An app that still uses an id of its own after a year without saying what the server calls it has to say it again. */
const KEEP_BINDINGS_MS = 365 * 24 * 3_600_000;

/** Puts the parts together. @param openDatabase for tests */
export function createUploads(options: ImageUploadsOptions = {}, openDatabase = openRealDatabase): StartableUploads {
  const { owner = '', prefix = 'uploads', concurrency = 2, env = browserEnvironment } = options;
  const { retryDelays = DEFAULT_RETRY_DELAYS, limits: { maxFileSize = 50e6, maxOutboxSize = 1e9 } = {} } = options;
  const project = options.project ?? definedProject();
  const baseUrl = (): string | undefined =>
    options.base === undefined ? configuredBaseUrl() : toBaseUrl(options.base);
  const transport = options.transport ?? serverTransport({ ...(options.base !== undefined && { base: options.base }) });
  const name = tabsName(project, owner);

  const { onStored, gate = 'immediate' } = options;
  const linkRule = onStored && { gate };

  const changes = createSubscribable<void>();
  const nextId = createJobIds(env.now, env.randomBytes);
  let leadership: Leadership | undefined;
  let status: UploadsStatus | undefined;
  let isReady = false;
  /** Another tab has a newer version of this code, and has changed the database for it. Only a reload helps. */
  let outdated: UploadFault | undefined;

  const link = createTabLink({
    name,
    env,
    sender: () => leadership?.sender,
    onMessage: (message) => jobs.take(message),
    onLive: changed,
  });
  const onRemoved = (): void => link.hurry('removal');
  const outbox = createOutbox(project, reload, openDatabase);
  const jobs = createJobStore(outbox, owner, env.now, link.tell);
  const refill = createRefill({ jobs, transport, project, owner, now: env.now });
  const locks = createLocks(name, env, outbox, nextId());
  const storage = createStorageWatch(env.storage, changed);
  const actions = createUploadActions({
    jobs,
    outbox,
    insist: () => link.hurry('insist'),
    onCanceled: onRemoved,
    get: (jobId) => shown.get(jobId),
    subscribe: changes.subscribe,
  });
  const shown = createUploadList(
    jobs,
    () => link.live,
    { maxAttempts: retryDelays.length + 1, link: linkRule },
    actions,
  );
  jobs.subscribe(changed);

  const prepare = async (job: StoredJob, picked?: ArrayBuffer): Promise<void> =>
    prepareJob(job, options.prepare ?? {}, jobs, outbox, env.now, picked);
  const upload = createUpload({
    jobs,
    locks,
    shown,
    env,
    owner,
    maxFileSize,
    maxOutboxSize,
    // A picture that is decoded takes up to a hundred times the memory of its file.
    atATime: isDrawn(options.prepare ?? {}) ? 1 : 2,
    nextId,
    prepare,
    changed,
    onSaved() {
      storage.askToPersist();
      storage.refresh();
    },
  });

  function urlOf(imageRef: string): string | undefined {
    if (options.urlOf) return options.urlOf(imageRef);
    const base = baseUrl();
    const file = imageRef.split('/').at(-1);
    return base === undefined || imageIdOf(imageRef) === undefined ? undefined : `${base}/i/${file}`;
  }

  const tellFaults = createFaultLog(function* () {
    yield outdated;
    yield link.live.error;
    for (const { error, link: told } of jobs.all()) yield error ?? told?.error;
  }, env.warn);

  function changed(): void {
    tellFaults();
    shown.changed();
    status = undefined;
    changes.emit();
  }

  function reload(): void {
    // Without storage there is nothing to be shown, and saving says why.
    void jobs
      .load()
      .catch((error: unknown) => {
        if (!(error instanceof UploadError) || error.code !== 'PAGE_OUTDATED') return;
        // The turn to send is left to tabs that can read the database.
        const { code, message, hint } = error;
        outdated = { code, message, hint, at: env.now() };
        void end();
      })
      .finally(() => {
        isReady = true;
        changed();
      });
  }

  async function beginTurn(): Promise<Sender> {
    await jobs.load();
    refill();
    await outbox.forgetBindings(env.now() - KEEP_BINDINGS_MS);
    await jobs.remove(finishedRows(jobs.all(), env.now(), transport, linkRule));
    return createSender({
      jobs,
      outbox,
      transport,
      env,
      concurrency,
      retryDelays,
      toTransportJob: (job) => toTransportJob(job, project, prefix),
      owner,
      toRemoval: (tombstones) => toRemoval(tombstones, project, prefix),
      prepare: async (job) => void (await locks.tryHold(`prepare ${job.jobId}`, () => prepare(job))),
      link: onStored && { onStored, gate, toStoredImage: (job) => toStoredImage(job, urlOf) },
      onLive: link.setLive,
      onStored({ s3Url }) {
        storage.refresh();
        if (!transport.fillsCache) fillCache(baseUrl(), s3Url);
      },
    });
  }

  function begin(): void {
    if (outdated) return;
    link.open();
    leadership = takeTurns(locks, env, beginTurn, changed);
    reload();
    storage.refresh();
  }

  async function end(): Promise<void> {
    const own = leadership;
    leadership = undefined;
    link.close();
    await own?.stop();
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
      // Browsers stop tabs in the background, so that one that is looked at sends, if there is another.
      else if (event === 'hidden' && link.hasCompany) leadership?.yieldTurn();
      else if (event === 'reached') {
        reload();
        link.hurry('nudge');
        if (leadership?.sender) refill();
      } else if (event === 'offline') {
        changed();
        leadership?.sender?.wake();
      }
    });
    return () => {
      unsubscribePage();
      void end();
    };
  }

  function currentStatus(): UploadsStatus {
    return uploadsStatus({
      jobs: jobs.all(),
      counts: shown.counts(),
      live: link.live,
      isOnline: env.isOnline(),
      storage: storage.status,
      isSender: leadership?.sender !== undefined,
      outdated,
    });
  }

  return {
    start,
    upload,
    list: shown.list,
    listOf: shown.listOf,
    get: shown.get,
    addImage: createAddImage({
      jobs,
      outbox,
      owner,
      maxOutboxSize,
      now: env.now,
      nextId,
    }),
    ...createRemoveActions({ jobs, nextId, onRemoved }),
    bindEntity: async ({ type, id }, serverId) => jobs.bind(toEntity({ type, id, serverId }), serverId),
    subscribe: (listener) => changes.subscribe(listener),
    status: () => (status ??= currentStatus()),
    notifySynced: () => link.hurry('nudge'),
    get isReady() {
      return isReady;
    },
    async bytesOf(imageRef) {
      const imageId = imageIdOf(imageRef);
      const job = jobs.all().find(({ body, heldBytes }) => heldBytes !== undefined && body?.imageId === imageId);
      return job && outbox.bytesOf(job).catch(() => undefined);
    },
    urlOf,
    async close() {
      unsubscribePage();
      await end();
      await outbox.close();
    },
  };
}

/** What the plugin has told the page. */
function definedProject(): string {
  return typeof __IMAGE_CACHE_PROJECT__ === 'undefined' ? 'default' : __IMAGE_CACHE_PROJECT__;
}
