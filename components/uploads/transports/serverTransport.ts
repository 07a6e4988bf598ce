import type { Problem, UPLOAD_EVENT_NAME } from '../../../plugin/protocol.ts';
import type {
  UploadCheckAnswer,
  UploadFindAnswer,
  UploadsAnswer,
  UploadStatus,
} from '../../../plugin/uploadProtocol.ts';
import { ImageCacheRequestError, request } from '../../client/api.ts';
import { configuredBaseUrl, toBaseUrl } from '../../client/config.ts';
import { credentialsOf } from '../../client/crossOrigin.ts';
import { entityName } from '../entity.ts';
import type {
  Accepted,
  ListedUpload,
  Needed,
  Refused,
  Stored,
  TransportContext,
  TransportJob,
  UploadTransport,
} from '../transport.ts';
import { kindOf, UploadError } from '../uploadError.ts';
import { contentDigest } from './digest.ts';
import { putByXhr, type PutAnswer } from './putByXhr.ts';
import { retryAfterMs } from './retryAfter.ts';
import { withTimeout } from './withTimeout.ts';

export interface ServerTransportOptions {
  /** Where the API is mounted. @default what the plugin or `configureImageCache()` says */
  base?: string | false;
}

/** No page of another site can send it without asking first. */
const PROJECT = 'image-cache-project';
/** Whose pictures they are: by now, another user may be signed in. */
const OWNER = 'image-cache-owner';
/** Without progress for so long, an upload is broken off and tried again. */
const STALL_MS = 30_000;
/** For calls without a body to speak of. */
const CALL_MS = 10_000;
/** The bucket is asked for each picture. */
const REMOVE_MS = 60_000;
/** In one call. */
const MAX_JOBS = 1_000;
/** Only types are imported from the server's side, so the name is spelled here and checked by its type. */
const EVENT: typeof UPLOAD_EVENT_NAME = 'image-cache:upload';

/**
 * Sends pictures to this package's own server: the plugin in dev, the Express router in production. It keeps them durably while the
 * bucket cannot be reached, and puts them into its cache.
 */
export function serverTransport({ base }: ServerTransportOptions = {}): UploadTransport {
  const baseUrlNow = (): string => {
    const baseUrl = base === undefined ? configuredBaseUrl() : toBaseUrl(base);
    if (baseUrl !== undefined) return baseUrl;
    throw new UploadError({
      code: 'NOT_CONFIGURED',
      message: 'The page does not know where to send pictures.',
      hint: 'Set `base`, call configureImageCache(), or give another `transport`.',
      kind: 'blocked',
    });
  };

  /** Of the last call that was about a picture: a probe is about none, and comes after one. */
  let identity: Record<string, string> = { [PROJECT]: '' };

  function headersFor({ project, owner }: Pick<TransportJob, 'project' | 'owner'>): Record<string, string> {
    identity = { [PROJECT]: headerValue(project), ...(owner !== '' && { [OWNER]: encoded(owner) }) };
    return identity;
  }

  /** @returns what the answer says; its shape is the wire contract of uploadProtocol.ts */
  async function call<T>(
    path: string,
    method: string,
    context: TransportContext,
    body?: unknown,
    ms = CALL_MS,
  ): Promise<T> {
    const headers = {
      ...identity,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    return withTimeout(context, ms, async (signal) => {
      const init = { method, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await request(baseUrlNow(), path, init);
      return (await response.json()) as T;
    });
  }

  return {
    fillsCache: true,
    async send(job, body, { signal, onProgress }) {
      const baseUrl = baseUrlNow();
      const answer = await putByXhr({
        url: `${baseUrl}/uploads/${job.jobId}`,
        headers: {
          ...headersFor(job),
          'content-type': job.type,
          'content-digest': contentDigest(job.sha256),
          'image-cache-filename': encodeURIComponent(job.filename),
          ...(job.entity && { 'image-cache-entity': entityName(job.entity) }),
        },
        body,
        signal,
        withCredentials: credentialsOf(baseUrl) === 'include',
        stallMs: STALL_MS,
        onProgress,
      });
      const result = toAnswer(statusIn(answer));
      if (result.state === 'needed') throw lost();
      return asTaken(result);
    },
    async check(jobs, context) {
      if (jobs[0]) headersFor(jobs[0]);
      const asked = jobs.map(({ jobId, sha256 }) => ({ job_id: jobId, sha256 }));
      const answer = await call<UploadCheckAnswer>('/uploads/check', 'POST', context, { jobs: asked });
      return answer.jobs.map(toAnswer);
    },
    async retry(job, context) {
      headersFor(job);
      const status = await call<UploadStatus>(`/uploads/${job.jobId}/retry`, 'POST', context).catch(undefinedIfUnknown);
      if (!status) return { state: 'needed' };
      const result = toAnswer(status);
      return result.state === 'needed' ? result : asTaken(result);
    },
    async cancel(job, context) {
      headersFor(job);
      await call(`/uploads/${job.jobId}`, 'DELETE', context).catch(undefinedIfUnknown);
    },
    async list(whose, context) {
      headersFor(whose);
      const { jobs } = await call<UploadsAnswer>('/uploads', 'GET', context);
      return jobs.flatMap((status) => toListed(status) ?? []);
    },
    async add(job, context) {
      headersFor(job);
      const { type = '', id = '' } = job.entity ?? {};
      const asked = { job_id: job.jobId, entity: { type, id }, image: { name: job.ref.split('/').at(-1) } };
      const status = await call<UploadStatus>('/uploads/add', 'POST', context, asked, REMOVE_MS).catch(
        undefinedIfUnknown,
      );
      if (!status) throw new UploadError({ code: 'BYTES_GONE', message: 'The bucket does not have the picture.' });
      const { state, s3_url } = status;
      if (state === 'stored') return { state, s3_url };
      throw new UploadError({ code: 'CANCELED', message: 'It was canceled on the server.' });
    },
    async remove(removal, context) {
      const { images, jobIds } = removal;
      const { type, id } = removal.entity;
      const asked = {
        entity: { type, id },
        images: images.map(({ imageId, ext }) => ({ name: `${imageId}.${ext}` })),
      };
      const ask = async <T>(path: string, body: unknown): Promise<T> => {
        headersFor(removal);
        return call<T>(path, 'POST', context, body, REMOVE_MS);
      };
      for (;;) {
        const { job_ids, is_complete } = await ask<UploadFindAnswer>('/uploads/find', asked);
        if (!(await context.isWished()))
          throw new UploadError({ code: 'TAKEN_BACK', message: 'It was added again.', kind: 'transient' });
        const all = new Set([...jobIds, ...job_ids]);
        await ask('/uploads/remove', { ...asked, job_ids: Array.from(all).slice(0, MAX_JOBS), exact: true });
        if (is_complete) return;
      }
    },
    async probe(context) {
      await call('/uploads/health', 'GET', context);
    },
    subscribe(listener) {
      import.meta.hot?.on(EVENT, listener);
      return () => import.meta.hot?.off(EVENT, listener);
    },
  };
}

/** What an answer to a `PUT` says. @throws UploadError */
function statusIn({ status, text, header }: PutAnswer): UploadStatus {
  const type = header('content-type') ?? '';
  // The shapes are the wire contract: protocol.ts and uploadProtocol.ts.
  if ((status === 201 || status === 202 || status === 200) && type.startsWith('application/json')) {
    return JSON.parse(text) as UploadStatus;
  }
  const waitMs = retryAfterMs(header('retry-after'), Date.now());
  if (type.startsWith('application/problem+json')) {
    const { code, detail, hint } = JSON.parse(text) as Problem;
    throw new UploadError({ code, message: detail, hint, kind: kindOf(code, status), retryAfterMs: waitMs });
  }
  throw new UploadError({
    code: 'UNREACHABLE',
    message: `No image cache answers there (HTTP ${status}).`,
    hint: 'Is the server running, `base` right, and the option `uploads` set?',
    kind: kindOf('UNREACHABLE', status),
    retryAfterMs: waitMs,
  });
}

function toAnswer({ state, s3_url, next_attempt_at, error }: UploadStatus): Stored | Accepted | Needed | Refused {
  const fault = error && { code: error.code, message: error.detail, hint: error.hint };
  switch (state) {
    case 'stored':
      return { state, s3_url };
    case 'accepted':
    case 'storing':
      return { state: 'accepted', nextAttemptAt: next_attempt_at, ...(fault && { error: fault }) };
    case 'needed':
      return { state };
    case 'failed':
    case 'blocked':
      return { state, error: fault ?? { code: 'UPLOAD_FAILED', message: 'The server gives no reason.' } };
    case 'canceled':
      return { state: 'failed', error: { code: 'CANCELED', message: 'It was canceled on the server.' } };
  }
}

/** `undefined` for one that has come to its end, or whose bytes are gone. */
function toListed(status: UploadStatus): ListedUpload | undefined {
  const { job_id: jobId, sha256, ref, filename = '', content_type: type = '', size_bytes: size = 0 } = status;
  const { accepted_at: createdAt = 0, entity } = status;
  const ext = ref?.split('.').at(-1);
  if (sha256 === undefined || ext === undefined || status.state === 'canceled') return undefined;
  const answer = toAnswer(status);
  if (answer.state === 'needed' || answer.state === 'stored') return undefined;
  return { jobId, sha256, ext, filename, type, size, createdAt, entity, answer };
}

/** The server has the bytes, also where it cannot store them now. Whether it has given up, or has stored them after all, is asked for later. */
function asTaken(answer: Stored | Accepted | Refused): Stored | Accepted {
  if (answer.state === 'stored' || answer.state === 'accepted') return answer;
  return { state: 'accepted', error: answer.error };
}

/** The server compares it as it is; only what no header can carry is encoded. */
function headerValue(project: string): string {
  return project.replace(/[^\x20-\x7e]+/g, encodeURIComponent);
}

/** Half a character could not be encoded. */
function encoded(owner: string): string {
  return encodeURIComponent(owner.replace(/\p{Cs}/gu, '\uFFFD'));
}

function undefinedIfUnknown(error: unknown): undefined {
  if (error instanceof ImageCacheRequestError && error.code === 'UPLOAD_UNKNOWN') return undefined;
  throw error;
}

function lost(): UploadError {
  return new UploadError({ code: 'UPLOAD_LOST', message: 'The server has lost the picture.', kind: 'transient' });
}
