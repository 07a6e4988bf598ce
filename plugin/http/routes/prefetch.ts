import type { Request, Response } from 'express';
import { z } from 'zod';
import { ImageCacheError } from '../../errors.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { PrefetchCounts, PrefetchImage, PrefetchLine, PrefetchRequest, PrefetchResult } from '../../protocol.ts';
import type { AuthorizedImages } from '../authorizedImages.ts';
import { parseEach, parseList } from '../jsonBody.ts';
import { defineRoute } from '../defineRoute.ts';
import { eachEntryOnce } from '../eachEntryOnce.ts';
import { actorId, filename, flag, list, meta, url } from '../fields.ts';
import { LongJson } from '../longJson.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';

/** Images with the priority `visible` in one request: enough for a page, and few enough that none waits for long. */
const MAX_VISIBLE_IMAGES = 1000;

/** The body, in which the images are not checked yet; each must match {@link imageSchema}. */
const body: z.ZodType<Omit<PrefetchRequest, 'images'> & { images: unknown[] }> = z
  .object({
    actor_id: actorId,
    images: list('images'),
    priority: z
      .enum(['visible', 'high', 'normal'], { error: "must be 'visible', 'high' or 'normal'" })
      .default('normal'),
    revalidate: flag.default(false),
  })
  .superRefine(({ images, priority }, context) => {
    if (priority !== 'visible' || images.length <= MAX_VISIBLE_IMAGES) return;
    context.addIssue({
      code: 'custom',
      path: ['images'],
      message: `must have at most ${MAX_VISIBLE_IMAGES} images with the priority 'visible'`,
      params: { hint: "Name those that are nearest to the screen. Images for later can be fetched with 'high'." },
    });
  });

const imageSchema: z.ZodType<PrefetchImage> = z
  .object({ s3_url: url, actor_id: actorId.optional(), filename: filename.optional(), meta: meta.optional() })
  // An optional field that was not sent must be absent, instead of having the value `undefined`.
  .transform(({ s3_url, ...rest }) => ({
    s3_url,
    ...(rest.actor_id !== undefined && { actor_id: rest.actor_id }),
    ...(rest.filename !== undefined && { filename: rest.filename }),
    ...(rest.meta !== undefined && { meta: rest.meta }),
  }));

/** A request whose images were checked one by one. A wrong image is replaced by its error. */
type ParsedRequest = Omit<PrefetchRequest, 'images'> & { images: readonly (PrefetchImage | ImageCacheError)[] };

/** What a prefetch needs from its request: the request, the cache behind `authorize` and a signal. */
interface Caller {
  request: Request;
  response: Response;
  images: AuthorizedImages;
}

/** Answers with one {@link PrefetchAnswer} at the end or, with `Accept: application/x-ndjson`, with a line per image. */
export const prefetchRoute = defineRoute({
  method: 'POST',
  path: '/prefetch',
  access: 'images',
  body,
  async handler({ body: { images: named, ...rest }, outbound, ...caller }) {
    // Visible images belong to many components, so a wrong one must not refuse all others (issue 11).
    const parse = rest.priority === 'visible' ? parseEach : parseList;
    const asked: ParsedRequest = { ...rest, images: await parse(imageSchema, named, 'images') };
    const holds = await holdDownloads(caller, asked);
    const shorten = eachEntryOnce();
    if (wantsLines(caller.request)) {
      const { send, end } = beginLines<PrefetchLine>(caller.response, outbound);
      const onResult = (index: number, result: PrefetchResult) => send({ index, ...shorten(index, result) });
      const results = await prefetchAll(caller, asked, { holds, onResult });
      send({ done: true, ...count(asked.actor_id, results) });
      end();
      return undefined;
    }
    const results = await prefetchAll(caller, asked, { holds });
    const json = new LongJson();
    await json.add(`${JSON.stringify(count(asked.actor_id, results)).slice(0, -1)},"results":[`);
    await json.addList(results.entries(), ([index, result]) => JSON.stringify(shorten(index, result)));
    await json.add(']}');
    return json;
  },
});

/** Functions that release the download of each image, by its index. Empty if no download is held. */
type Holds = readonly (() => void)[];

/**
 * Keeps running downloads of visible images from being aborted until this request has joined them, which may have to wait for
 * `authorize`. A page that wants other images sends a new request, and aborts the last one when it has the headers of the new one.
 */
async function holdDownloads({ images }: Caller, asked: ParsedRequest): Promise<Holds> {
  if (asked.priority !== 'visible') return [];
  const holds: (() => void)[] = [];
  const timeSlice = new TimeSlice();
  for (const image of asked.images) {
    if (timeSlice.isOver) await timeSlice.yield();
    holds.push(image instanceof ImageCacheError ? () => undefined : images.hold(image.s3_url));
  }
  return holds;
}

/** Requests all images at once; the download queue limits how many run. */
async function prefetchAll(
  { request, response, images }: Caller,
  { actor_id, images: asked, priority, revalidate }: ParsedRequest,
  { holds, onResult }: { holds: Holds; onResult?: (index: number, result: PrefetchResult) => void },
): Promise<PrefetchResult[]> {
  const options = { priority, signal: requesterSignal(response), revalidate };
  const prefetchOne = async (image: PrefetchImage | ImageCacheError, index: number): Promise<PrefetchResult> => {
    const result =
      image instanceof ImageCacheError
        ? ({ s3_url: '', status: 'failed', error: image.toItem() } as const)
        : await images.prefetch(request, image, image.actor_id ?? actor_id, options);
    if (!options.signal.aborted) onResult?.(index, result); // after an abort, there is no client to read it
    return result;
  };
  const results: Promise<PrefetchResult>[] = [];
  const timeSlice = new TimeSlice();
  for (const [index, image] of asked.entries()) {
    if (timeSlice.isOver) await timeSlice.yield(); // starting ten thousand of them takes a while
    results.push(prefetchOne(image, index).finally(holds[index]));
  }
  return Promise.all(results);
}

function count(actor_id: string, results: readonly PrefetchResult[]): PrefetchCounts {
  const of = (status: PrefetchResult['status']) => results.filter((result) => result.status === status).length;
  return { actor_id, total: results.length, cached: of('cached'), downloaded: of('downloaded'), failed: of('failed') };
}
