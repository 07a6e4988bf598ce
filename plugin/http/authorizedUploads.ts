import type { IncomingMessage } from 'node:http';
import type { CacheLogger } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { ImagePlace, LiveAnswer } from '../inspectorProtocol.ts';
import type { ItemError } from '../protocol.ts';
import type { AuthorizedUpload, ExpressImageCacheOptions } from '../options.ts';
import type {
  UploadAddRequest,
  UploadCancelAnswer,
  UploadCheckRequest,
  UploadFindAnswer,
  UploadFindRequest,
  UploadHealth,
  UploadRemoveAnswer,
  UploadRemoveRequest,
  UploadStatus,
  UploadsAnswer,
} from '../uploadProtocol.ts';
import type { IncomingUpload, Uploads } from '../uploads/index.ts';
import { visitorError, visitorFault } from './visitorFault.ts';

/** What uploads work with in HTTP. */
export interface UploadsContext {
  uploads: Uploads;
  /** Which app this is. */
  project: string;
  /** Milliseconds that an upload waits for the bucket. */
  waitMs: number;
  /** `undefined`: all uploads are of one owner, as in Vite. */
  authorizeUpload: ExpressImageCacheOptions['authorizeUpload'];
}

/** An upload as its request says it. */
type SentUpload = Omit<IncomingUpload, 'owner'> & { contentType: string | undefined };

/** Summing up reads the records of all uploads. */
const SUMMARY_MS = 3000;
const PROJECT_HEADER = 'image-cache-project';
const OWNER_HEADER = 'image-cache-owner';

/**
 * The uploads that a request may see and change: those of its owner, which the option `authorizeUpload` returns. A route gets only this of
 * the uploads, so that none can forget to ask.
 */
export class AuthorizedUploads {
  readonly #context: UploadsContext | undefined;
  readonly #logger: Pick<CacheLogger, 'warn'>;
  #summary: Promise<LiveAnswer['uploads']> | undefined;
  #summedUpAt = Number.NEGATIVE_INFINITY;

  /** @param logger says each thing once, however often it happens */
  constructor(context: UploadsContext | undefined, logger: Pick<CacheLogger, 'warn'>) {
    this.#context = context;
    this.#logger = logger;
  }

  /** The canonical URL of a picture by its name, which is no secret. @throws ImageCacheError UPLOADS_OFF */
  urlOf(pictureName: string): string {
    return this.#on().uploads.urlOf(pictureName);
  }

  /** Number of uploads of all owners that are not in the bucket yet. */
  async pendingCount(): Promise<number> {
    return (await this.#context?.uploads.pendingCount()) ?? 0;
  }

  /** Whether the picture of a URL is in the outbox; `undefined` for all that are no uploaded pictures. */
  async placeOf(s3Url: string): Promise<ImagePlace | undefined> {
    const size = await this.#context?.uploads.waitingBytes(s3Url);
    if (size === undefined) return undefined;
    const place = 'server_outbox';
    return size === 0 ? { place, state: 'absent' } : { place, state: 'present', size_bytes: size };
  }

  /** Numbers of the uploads of all owners that are not in the bucket yet; `undefined` if there are no uploads. A few seconds old at most. */
  async summary(): Promise<LiveAnswer['uploads']> {
    if (this.#context === undefined) return undefined;
    if (performance.now() - this.#summedUpAt > SUMMARY_MS) {
      this.#summedUpAt = performance.now();
      const { project, uploads } = this.#context;
      this.#summary = uploads.summary().then((waiting) => ({ project, ...waiting }));
    }
    return this.#summary;
  }

  /** @throws ImageCacheError as all others, and what `Uploads.accept` throws */
  async accept(request: IncomingMessage, upload: SentUpload): Promise<UploadStatus> {
    const { jobId, size, contentType, filename, entity } = upload;
    const owner = await this.#ownerOf(request, {
      action: 'upload',
      job_id: jobId,
      ...(size !== undefined && { size_bytes: size }),
      ...(contentType !== undefined && { content_type: contentType }),
      ...(filename !== undefined && { filename }),
      ...(entity !== undefined && { entity }),
    });
    return this.#told(await this.#ask(() => this.#on().uploads.accept({ ...upload, owner })));
  }

  /** Waits until an upload that was just accepted is stored, for a while. */
  async settled({ job_id }: UploadStatus, signal: AbortSignal): Promise<UploadStatus> {
    const { uploads, waitMs } = this.#on();
    return this.#told(await this.#ask(() => uploads.settled(job_id, waitMs, signal)));
  }

  async check(request: IncomingMessage, jobs: UploadCheckRequest['jobs']): Promise<UploadStatus[]> {
    const owner = await this.#ownerOf(request, { action: 'check' });
    const statuses = await this.#ask(() => this.#on().uploads.check(owner, jobs));
    return statuses.map((status) => this.#told(status));
  }

  async list(request: IncomingMessage): Promise<UploadsAnswer> {
    const owner = await this.#ownerOf(request, { action: 'list' });
    const { jobs, blocked, paused } = await this.#ask(() => this.#on().uploads.list(owner));
    return {
      jobs: jobs.map((status) => this.#told(status)),
      ...(blocked && { blocked: this.#toldOf(blocked) }),
      ...(paused && { paused: this.#toldOf(paused) }),
    };
  }

  async retry(request: IncomingMessage, jobId: string): Promise<UploadStatus> {
    const owner = await this.#ownerOf(request, { action: 'retry', job_id: jobId });
    return this.#told(await this.#ask(() => this.#on().uploads.retry(owner, jobId)));
  }

  async cancel(request: IncomingMessage, jobId: string): Promise<UploadCancelAnswer> {
    const owner = await this.#ownerOf(request, { action: 'cancel', job_id: jobId });
    return this.#ask(() => this.#on().uploads.cancel(owner, jobId));
  }

  async add(request: IncomingMessage, asked: UploadAddRequest): Promise<UploadStatus> {
    const { job_id, entity, image } = asked;
    const owner = await this.#ownerOf(request, { action: 'add', job_id, entity, image_name: image.name });
    return this.#ask(() => this.#on().uploads.add(owner, asked));
  }

  async find(request: IncomingMessage, asked: UploadFindRequest): Promise<UploadFindAnswer> {
    const owner = await this.#ownerOf(request, { action: 'remove', entity: asked.entity });
    return this.#ask(() => this.#on().uploads.find(owner, asked));
  }

  async remove(request: IncomingMessage, removed: UploadRemoveRequest): Promise<UploadRemoveAnswer> {
    const owner = await this.#ownerOf(request, { action: 'remove', entity: removed.entity });
    return this.#ask(() => this.#on().uploads.remove(owner, removed));
  }

  /** For those who ask whether the server is there. */
  health(request: IncomingMessage): UploadHealth {
    this.#ensureProject(request);
    return { ok: true, project: this.#on().project };
  }

  /** @throws ImageCacheError UPLOADS_OFF, PROJECT_MISSING, OTHER_PROJECT, NOT_AUTHORIZED, OTHER_OWNER, or INTERNAL when the hook throws */
  async #ownerOf(request: IncomingMessage, upload: AuthorizedUpload): Promise<string> {
    this.#ensureProject(request);
    const { authorizeUpload } = this.#on();
    if (authorizeUpload === undefined) return '';
    const owner = await this.#askHook(authorizeUpload, request, upload);
    if (typeof owner === 'string') {
      // Only a text lets in, so that a hook that forgets to answer does not.
      ensureOwner(request, owner);
      return owner;
    }
    this.#logger.warn(
      `Uploads were refused: \`authorizeUpload\` returned no owner (action '${upload.action}'). The user may not be signed in.`,
    );
    throw new ImageCacheError('NOT_AUTHORIZED', 'You are not signed in, or may not upload pictures here.', {
      hint: 'Sign in. The pictures wait in the browser until then.',
    });
  }

  /** In Vite, where nothing is authorized, those who ask are the developers. */
  get #isForVisitors(): boolean {
    return this.#context?.authorizeUpload !== undefined;
  }

  #toldOf(fault: ItemError): ItemError {
    return this.#isForVisitors ? visitorFault(fault) : fault;
  }

  #told(status: UploadStatus): UploadStatus {
    return status.error === undefined ? status : { ...status, error: this.#toldOf(status.error) };
  }

  /** What fails for a reason that visitors are not told is in the log. */
  async #ask<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (!this.#isForVisitors) throw error;
      const failure = ImageCacheError.from(error);
      const told = visitorError(failure);
      if (told !== failure)
        this.#logger.warn(`An upload was refused: ${failure.code} ${failure.message} ${failure.hint ?? ''}`);
      throw told;
    }
  }

  async #askHook(
    authorizeUpload: NonNullable<UploadsContext['authorizeUpload']>,
    request: IncomingMessage,
    upload: AuthorizedUpload,
  ): Promise<unknown> {
    try {
      return await authorizeUpload(request, upload);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ImageCacheError('INTERNAL', `The option \`authorizeUpload\` threw: ${reason}`, { cause: error });
    }
  }

  #on(): UploadsContext {
    if (this.#context !== undefined) return this.#context;
    throw new ImageCacheError('UPLOADS_OFF', 'This server takes no uploads.', {
      hint: "Set the option `uploads` beside `buckets`, e.g. imageCache({ buckets: ['team-photos'], uploads: { bucket: 'team-photos' } }).",
    });
  }

  /**
   * All projects share `localhost:5173`. The header also keeps other sites out: none can send it without asking first, which the guard
   * refuses.
   */
  #ensureProject({ headers }: IncomingMessage): void {
    const { project } = this.#on();
    const { [PROJECT_HEADER]: sent = '' } = headers;
    if (sent === '') {
      throw new ImageCacheError('PROJECT_MISSING', 'The header `Image-Cache-Project` is missing.', {
        hint: `Send it with each call about uploads; this server is of the project '${project}'.`,
      });
    }
    if (sent === project) return;
    throw new ImageCacheError(
      'OTHER_PROJECT',
      `This server is of the project '${project}', and the page is of another.`,
      {
        hint: 'Another app runs at this address by now. Start the one that the page is of; the page keeps its pictures.',
      },
    );
  }
}

/**
 * A page that is open since before another user has signed in still has the pictures of the user before, and its requests the session of the
 * new one. So it says whose they are.
 */
function ensureOwner({ headers: { [OWNER_HEADER]: sent = '' } }: IncomingMessage, owner: string): void {
  if (sent === '' || sent === encodeURIComponent(owner.replace(/\p{Cs}/gu, '\uFFFD'))) return;
  throw new ImageCacheError('OTHER_OWNER', 'The page has the uploads of another user than the one who is signed in.', {
    hint: 'It keeps them, and sends them when that user is signed in again. The `owner` of the page has to be what `authorizeUpload` returns.',
  });
}
