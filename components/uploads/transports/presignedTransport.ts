import type { Needed, Stored, TransportContext, TransportJob, UploadTransport } from '../transport.ts';
import { UploadError } from '../uploadError.ts';
import { toBase64 } from './digest.ts';
import { putByXhr, type PutAnswer } from './putByXhr.ts';
import { retryAfterMs } from './retryAfter.ts';
import { withTimeout } from './withTimeout.ts';
import { sha256Hex } from '../prepare/sha256Hex.ts';

export interface SignRequest {
  /** `HEAD` asks whether the object is there; `GET` only where the store shows no checksum. */
  readonly method: 'PUT' | 'HEAD' | 'GET';
  readonly key: string;
  /** Of the bytes, hexadecimal. */
  readonly sha256: string;
  /** In bytes: sign it as `Content-Length`, so that nothing larger can be written. */
  readonly size: number;
  readonly type: string;
  /** What the browser sends, and what is to be signed with it. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SignedRequest {
  readonly url: string;
  /** Further headers to send. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PresignedTransportOptions {
  /** Asks the app's backend for a signed URL. */
  sign(request: SignRequest): Promise<SignedRequest> | SignedRequest;
  /** Tells the app's backend that an entity has pictures no more: see `UploadTransport`. @default nothing is told */
  remove?: UploadTransport['remove'];
}

/** Without progress for so long, an upload is broken off and tried again. */
const STALL_MS = 30_000;
/** For calls that send nothing; reading a picture back takes longer. */
const CALL_MS = 60_000;

/**
 * Sends pictures straight to the bucket by URLs that the app's backend signs. A picture counts as stored when the store's own SHA-256 says
 * so; expose `x-amz-checksum-sha256` in the bucket's CORS rules, or each picture is read back and hashed.
 * @example
 * presignedTransport({
 *   sign: async (request) => (await fetch('/api/sign', { method: 'POST', body: JSON.stringify(request) })).json(),
 * });
 */
export function presignedTransport({ sign, remove }: PresignedTransportOptions): UploadTransport {
  /** The store knows no `If-None-Match`: writing the same bytes twice does no harm. Remembered while the page lives. */
  let isUnconditional = false;

  async function signed(method: SignRequest['method'], job: TransportJob, headers: Record<string, string>) {
    const { key, sha256, size, type } = job;
    const { url, headers: more } = await sign({ method, key, sha256, size, type, headers });
    return { url, headers: { ...withoutUnsigned(headers, url), ...more } };
  }

  async function put(
    job: TransportJob,
    body: Blob,
    condition: Record<string, string>,
    { signal, onProgress }: Parameters<UploadTransport['send']>[2],
  ): Promise<PutAnswer & { url: string }> {
    const { url, headers } = await signed('PUT', job, {
      'content-type': job.type,
      'x-amz-checksum-sha256': toBase64(job.sha256),
      ...condition,
    });
    const answer = await putByXhr({
      url,
      headers,
      body,
      signal,
      withCredentials: false,
      stallMs: STALL_MS,
      onProgress,
    });
    return { ...answer, url };
  }

  /** By the store's own checksum, else by reading back and hashing. `undefined`: there is no such object. */
  async function isThere(job: TransportJob, context: TransportContext): Promise<boolean | undefined> {
    const expected = toBase64(job.sha256);
    const head = await read('HEAD', job, { 'x-amz-checksum-mode': 'ENABLED' }, context, async ({ headers }) => {
      const checksum = headers.get('x-amz-checksum-sha256');
      // One of parts (`…=-3`) says nothing of the whole.
      return checksum?.includes('-') ? null : checksum;
    });
    if (head !== null) return head === undefined ? undefined : head === expected;
    return read(
      'GET',
      job,
      {},
      context,
      async (response) => (await sha256Hex(await response.arrayBuffer())) === job.sha256,
    );
  }

  /** `undefined`: there is no such object. */
  async function read<T>(
    method: 'HEAD' | 'GET',
    job: TransportJob,
    wanted: Record<string, string>,
    context: TransportContext,
    look: (response: Response) => Promise<T>,
  ): Promise<T | undefined> {
    const { url, headers } = await signed(method, job, wanted);
    return withTimeout(context, CALL_MS, async (signal) => {
      // What the browser has cached is no proof.
      const response = await fetch(url, { method, headers, cache: 'no-store', signal });
      if (response.status === 404) return undefined;
      if (!response.ok) throw faultOf(response.status, response.headers.get('retry-after'));
      return look(response);
    });
  }

  async function compared(job: TransportJob, url: string, context: TransportContext): Promise<Stored> {
    const isSame = await isThere(job, context);
    if (isSame) return { state: 'stored', s3_url: withoutSignature(url) };
    if (isSame === undefined) {
      throw new UploadError({
        code: 'NOT_STORED',
        message: 'The bucket does not show the picture.',
        kind: 'transient',
      });
    }
    throw new UploadError({
      code: 'ID_CONFLICT',
      message: 'The bucket has other bytes under the key of this picture.',
      hint: 'They are not overwritten. Look at the object: something else has written it, or has cut it.',
    });
  }

  return {
    ...(remove && { remove }),
    async send(job, body, context) {
      const condition = { 'if-none-match': '*' };
      let answer = await put(job, body, isUnconditional ? {} : condition, context);
      if (!isUnconditional && (answer.status === 400 || answer.status === 501)) {
        answer = await put(job, body, {}, context);
        isUnconditional = answer.status < 300;
      }
      const { status, url, header } = answer;
      // 412: it is there already, most likely by a try of ours whose answer was lost. 409: two at the same time.
      const isWritten = status >= 200 && status < 300;
      if (!isWritten && status !== 412 && status !== 409) throw faultOf(status, header('retry-after'));
      if (isWritten && header('x-amz-checksum-sha256') === toBase64(job.sha256)) {
        return { state: 'stored', s3_url: withoutSignature(url) };
      }
      return compared(job, url, context);
    },
    async check(jobs, context) {
      const answers: (Stored | Needed)[] = [];
      for (const job of jobs) {
        // Other bytes there are found out by sending.
        const isSame = await isThere(job, context).catch(undefinedIfForbidden);
        answers.push({ state: isSame ? 'stored' : 'needed' });
      }
      return answers;
    },
  };
}

/** S3 answers 403 for what is not there if the one who signs may not list the bucket. */
function undefinedIfForbidden(error: unknown): undefined {
  if (error instanceof UploadError && error.code === 'STORE_FORBIDDEN') return undefined;
  throw error;
}

/**
 * Without the `x-amz-` headers that the URL does not sign, with which S3 refuses the request. The AWS SDK puts them into the query unless it
 * is told not to, and a signer may know nothing of them. If the store then shows no checksum, the picture is read back.
 */
function withoutUnsigned(headers: Record<string, string>, url: string): Record<string, string> {
  const [, list] = /[?&]X-Amz-SignedHeaders=([^&#]*)/i.exec(url) ?? [];
  if (list === undefined) return headers; // of another kind than AWS's Signature Version 4
  const signed = new Set(decodeURIComponent(list).toLowerCase().split(';'));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-amz-') || signed.has(name)));
}

function withoutSignature(url: string): string {
  return url.replace(/[?#].*$/, '');
}

/** What a store's refusal means for the queue. */
function faultOf(status: number, retryAfter: string | null): UploadError {
  const waitMs = retryAfterMs(retryAfter, Date.now());
  if (status === 401 || status === 403) {
    return new UploadError({
      code: 'STORE_FORBIDDEN',
      message: `The bucket refuses the signed request (HTTP ${status}).`,
      hint: 'Check the credentials and the clock of what signs, and that it signs every header it is given.',
      kind: 'blocked',
    });
  }
  if (status === 404) {
    return new UploadError({
      code: 'STORE_NOT_FOUND',
      message: 'There is no such bucket.',
      hint: 'Check the bucket and the endpoint in the URLs that are signed.',
      kind: 'blocked',
    });
  }
  const isTransient = status === 408 || status === 429 || status >= 500;
  return new UploadError({
    code: isTransient ? 'STORE_ERROR' : 'STORE_REFUSED',
    message: `The bucket has answered HTTP ${status}.`,
    kind: isTransient ? 'transient' : 'permanent',
    retryAfterMs: waitMs,
  });
}
