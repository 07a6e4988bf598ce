import type { Request, Response } from 'express';
import { reportFailure } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { PrefetchCounts, PrefetchImage, PrefetchLine, PrefetchRequest, PrefetchResult } from '../../protocol.ts';
import { parseBody, parseEach } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { eachEntryOnce } from '../eachEntryOnce.ts';
import { ensureImageAuthorized } from '../ensureAuthorized.ts';
import type { Handler } from '../handlers.ts';
import { LongJson } from '../longJson.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { publicEntry } from '../publicEntry.ts';
import { requesterSignal } from '../requesterSignal.ts';
import { prefetchImageSchema, prefetchSchema } from '../schemas.ts';

/** A request whose images were looked at one by one: an error stands for one that is wrong. */
type ParsedRequest = Omit<PrefetchRequest, 'images'> & { images: readonly (PrefetchImage | ImageCacheError)[] };

/** `POST /prefetch`, as one {@link PrefetchAnswer} at the end, or as a line per image with `Accept: application/x-ndjson`. */
export function prefetchRoute(context: HttpContext): Handler {
  return async (request, response) => {
    const { images, ...rest } = parseBody(prefetchSchema, request.body);
    const parsed = await parseEach(prefetchImageSchema, images, 'images');
    // The images of a screen belong to many components, and one of them that is wrong is no reason for all others to wait (issue 11).
    const refused = rest.priority === 'visible' ? undefined : parsed.find((each) => each instanceof ImageCacheError);
    if (refused !== undefined) throw refused;
    const body = { ...rest, images: parsed };
    if (wantsLines(request)) {
      await streamResults(context, request, response, body);
      return undefined;
    }
    const holds = await holdDownloads(context, body);
    const results = await prefetchAll(context, request, response, body, { holds });
    const json = new LongJson();
    await json.add(`${JSON.stringify(count(body.actor_id, results)).slice(0, -1)},"results":[`);
    const shorten = eachEntryOnce();
    await json.addList(results.entries(), ([index, result]) => JSON.stringify(shorten(index, result)));
    await json.add(']}');
    return json;
  };
}

async function streamResults(
  context: HttpContext,
  request: Request,
  response: Response,
  body: ParsedRequest,
): Promise<void> {
  const holds = await holdDownloads(context, body);
  const { send, end } = beginLines<PrefetchLine>(response, context.unread);
  const shorten = eachEntryOnce();
  const onResult = (index: number, result: PrefetchResult) => send({ index, ...shorten(index, result) });
  const results = await prefetchAll(context, request, response, body, { holds, onResult });
  send({ done: true, ...count(body.actor_id, results) });
  end();
}

/** What ends the hold on the download of each image, by its index; empty where nothing is held. */
type Holds = readonly (() => void)[];

/**
 * Keeps downloads that run for images of the screen until this request has asked for them itself, which `authorize` may take a while
 * to allow. A page that wants other images sends a new request, and ends the one before when the headers of this one are there.
 */
async function holdDownloads({ cache }: HttpContext, { images, priority }: ParsedRequest): Promise<Holds> {
  if (priority !== 'visible') return [];
  const holds: (() => void)[] = [];
  const timeSlice = new TimeSlice();
  for (const image of images) {
    if (timeSlice.isOver) await timeSlice.yield();
    holds.push(image instanceof ImageCacheError ? () => undefined : cache.hold(image.s3_url));
  }
  return holds;
}

/** All images of a request at once; the download queue sees to it that not too many run. */
async function prefetchAll(
  context: HttpContext,
  request: Request,
  response: Response,
  { actor_id, images, priority, revalidate }: ParsedRequest,
  { holds, onResult }: { holds: Holds; onResult?: (index: number, result: PrefetchResult) => void },
): Promise<PrefetchResult[]> {
  const signal = requesterSignal(response);
  const prefetchOne = async (image: PrefetchImage | ImageCacheError, index: number): Promise<PrefetchResult> => {
    if (image instanceof ImageCacheError) {
      const failed = { s3_url: '', status: 'failed', error: image.toItem() } as const;
      onResult?.(index, failed);
      return failed;
    }
    const actorId = image.actor_id ?? actor_id;
    // Without a hook there is nothing to wait for, and what the URL means is found out before the next turn.
    const refused = context.authorize && (await refusal(context, request, image.s3_url, actorId));
    const result = refused ?? (await context.cache.prefetch(image, actorId, { priority, signal, revalidate }));
    const shown = 'entry' in result ? { ...result, entry: publicEntry(result.entry) } : result;
    if (!signal.aborted) onResult?.(index, shown); // nobody reads it otherwise
    return shown;
  };
  const results: Promise<PrefetchResult>[] = [];
  const timeSlice = new TimeSlice();
  for (const [index, image] of images.entries()) {
    if (timeSlice.isOver) await timeSlice.yield(); // ten thousand of them take a while to be begun
    results.push(prefetchOne(image, index).finally(holds[index]));
  }
  return Promise.all(results);
}

/** The result of an image that may not be asked for; `undefined` for all others, also for what is no image of ours. */
async function refusal(
  context: HttpContext,
  request: Request,
  url: string,
  actorId: string,
): Promise<PrefetchResult | undefined> {
  try {
    await ensureImageAuthorized(context, request, { image: context.cache.identify(url), actorId });
    return undefined;
  } catch (error) {
    const failure = ImageCacheError.from(error);
    if (failure.code !== 'NOT_AUTHORIZED' && failure.code !== 'INTERNAL') return undefined;
    reportFailure(context.logger, url, failure);
    return { s3_url: context.cache.identify(url).key, status: 'failed', error: failure.toItem() };
  }
}

function count(actor_id: string, results: readonly PrefetchResult[]): PrefetchCounts {
  const of = (status: PrefetchResult['status']) => results.filter((result) => result.status === status).length;
  return { actor_id, total: results.length, cached: of('cached'), downloaded: of('downloaded'), failed: of('failed') };
}
