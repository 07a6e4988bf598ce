import type { Sink, SourceMetadata } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { attempt, type AttemptContext, type Progress } from './attempt.ts';
import { CutBody } from './cutBody.ts';
import type { PartialBody } from './partialBody.ts';
import { requestOrigin } from './requestOrigin.ts';
import { clockOffset } from './clockOffset.ts';
import type { S3Object } from './s3Object.ts';
import type { Mark } from '../timeline.ts';
import type { Throttle } from './throttle.ts';
import { isTransient } from './transientError.ts';
import { startWatchdog } from './watchdog.ts';
import type { HttpRequest } from './httpClient.ts';

const MAX_ATTEMPTS = 3;
/** How often the rest of a body that stopped is requested, in addition to the attempts. */
const MAX_RESUMED = 5;
const FIRST_BACKOFF_MS = 200;
/** The shortest wait after an origin asked to slow down without saying how long. It is doubled each time. */
const FIRST_HOLD_MS = 500;

export interface DownloadContext extends AttemptContext {
  readonly throttle: Throttle;
  /** Makes the request for an object. It is called for each attempt, because our signature expires. */
  readonly prepare: (object: S3Object) => Promise<HttpRequest>;
  /** Signs later requests to the server of the object with a time that is this much later. */
  readonly correctClock: (object: S3Object, offsetMs: number) => void;
}

type MarkedContext = DownloadContext & { readonly mark: Mark };

/**
 * Downloads an object in up to three attempts, if another attempt can help: after a network error, a cut body, a 5xx answer or a
 * request to slow down. A definite answer of the origin (403, 404, too large) is final, and so is a body that ends at the same byte
 * twice. If our clock was wrong, the request is signed once more. If a body was cut or has stopped, and the origin sent a strong
 * ETag, only the rest is requested.
 * @throws ImageCacheError UPSTREAM_*, IMAGE_TOO_LARGE, ABORTED, or what the sink threw
 */
export async function download(
  object: S3Object,
  sink: Sink,
  signal: AbortSignal,
  context: DownloadContext,
  mark: Mark = () => undefined,
): Promise<SourceMetadata> {
  const { clock, timeouts } = context;
  const limit = new AbortController();
  const abort = () => limit.abort(new ImageCacheError('ABORTED', 'The download was cancelled.'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const total = startWatchdog(clock, timeouts.total, () => limit.abort(totalError(timeouts.total)));
  const deadline = clock.now() + timeouts.total;
  try {
    return await tryThrice(object, sink, limit.signal, deadline, { ...context, mark });
  } finally {
    total.stop();
    signal.removeEventListener('abort', abort);
  }
}

async function tryThrice(
  object: S3Object,
  sink: Sink,
  signal: AbortSignal,
  deadline: number,
  context: MarkedContext,
): Promise<SourceMetadata> {
  let cut: CutBody | undefined;
  let isClockCorrected = false;
  let partial: PartialBody | undefined;
  let resumed = 0;
  for (let number = 1; ; number++) {
    const request = await prepareInTime(object, signal, context);
    const progress: Progress = { partial, mayResume: resumed < MAX_RESUMED };
    try {
      return await attempt(request, object, sink, signal, context, progress);
    } catch (error) {
      signal.throwIfAborted();
      const offset = isClockCorrected ? undefined : clockOffset(request, error);
      if (offset !== undefined) {
        context.correctClock(object, offset);
        isClockCorrected = true;
        partial = progress.partial;
        if (partial === undefined) await sink.reset();
        context.mark('retry');
        continue;
      }
      const hasMore = (progress.partial?.bytes ?? 0) > (partial?.bytes ?? 0);
      partial = progress.partial;
      if (hasMore && resumed < MAX_RESUMED) {
        resumed += 1;
        number -= 1;
      }
      if (error instanceof CutBody && error.at === cut?.at) throw error.finding; // the origin has no more
      cut = error instanceof CutBody ? error : undefined;
      const wait = waitBefore(number + 1, error, requestOrigin(request), context);
      // A wait that is longer than the time left would only delay the same error.
      if (number === MAX_ATTEMPTS || wait === undefined || context.clock.now() + wait >= deadline) throw error;
      await context.clock.sleep(wait, signal);
      signal.throwIfAborted();
      if (partial === undefined) await sink.reset();
      context.mark('retry');
    }
  }
}

/** Makes the request for an object, and waits until its origin may be asked. Only the request tells which origin that is. */
async function prepareInTime(object: S3Object, signal: AbortSignal, context: MarkedContext): Promise<HttpRequest> {
  for (;;) {
    signal.throwIfAborted();
    const request = await unlessAborted(context.prepare(object), signal);
    context.mark('sign');
    // After a wait, the request is signed again, because its signature may have expired.
    if (!(await context.throttle.wait(requestOrigin(request), signal))) return request;
    context.mark('throttle');
  }
}

/**
 * How long to wait before the next attempt; `undefined` if the error is final. The wait is an exponential backoff with full jitter.
 * When an origin asks one download to slow down, all downloads from it wait.
 */
function waitBefore(
  number: number,
  error: unknown,
  origin: string,
  { clock, throttle }: DownloadContext,
): number | undefined {
  if (!isTransient(error)) return undefined;
  const doublings = 2 ** (number - 2);
  if (error.code !== 'UPSTREAM_THROTTLED') return clock.random() * FIRST_BACKOFF_MS * doublings;
  const hold = error.retryAfterMs ?? FIRST_HOLD_MS * doublings;
  throttle.hold(origin, hold);
  return hold;
}

/** Stops waiting for the promise when the signal is aborted. Credential providers accept no signal, so they continue. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function totalError(totalMs: number): ImageCacheError {
  return new ImageCacheError('UPSTREAM_TIMEOUT', `The download did not end within ${totalMs} ms.`, {
    hint: 'The option `timeouts.total` sets the limit.',
  });
}
