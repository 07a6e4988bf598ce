import type { Request, Response } from 'express';
import { z } from 'zod';
import { ImageCacheError } from '../../errors.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { PrefetchCounts, PrefetchImage, PrefetchLine, PrefetchRequest, PrefetchResult } from '../../protocol.ts';
import type { AuthorizedImages } from '../authorizedImages.ts';
import { parseEach, parseList } from '../bodies.ts';
import { defineRoute } from '../defineRoute.ts';
import { eachEntryOnce } from '../eachEntryOnce.ts';
import { actorId, filename, flag, list, meta, url } from '../fields.ts';
import { LongJson } from '../longJson.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';

/** For the screen in one request: as many as a page can have near its screen, and few enough that none waits for long. */
const MAX_VISIBLE_IMAGES = 1000;

/** Of the images, each is an {@link imageSchema}. */
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
      params: { hint: "Name those that are nearest to the screen. What is to come later can be fetched with 'high'." },
    });
  });

const imageSchema: z.ZodType<PrefetchImage> = z
  .object({ s3_url: url, actor_id: actorId.optional(), filename: filename.optional(), meta: meta.optional() })
  // An optional field that was not sent is absent, and not there with the value `undefined`.
  .transform(({ s3_url, ...rest }) => ({
    s3_url,
    ...(rest.actor_id !== undefined && { actor_id: rest.actor_id }),
    ...(rest.filename !== undefined && { filename: rest.filename }),
    ...(rest.meta !== undefined && { meta: rest.meta }),
  }));

/** A request whose images were looked at one by one: an error stands for one that is wrong. */
type ParsedRequest = Omit<PrefetchRequest, 'images'> & { images: readonly (PrefetchImage | ImageCacheError)[] };

/** Who asks for the images of a request, and through what. */
interface Caller {
  request: Request;
  response: Response;
  images: AuthorizedImages;
}

/** One {@link PrefetchAnswer} at the end, or a line per image with `Accept: application/x-ndjson`. */
export const prefetchRoute = defineRoute({
  method: 'POST',
  path: '/prefetch',
  access: 'images',
  body,
  async handler({ body: { images: named, ...rest }, unread, ...caller }) {
    // The images of a screen belong to many components, and one of them that is wrong is no reason for all others to wait (issue 11).
    const parse = rest.priority === 'visible' ? parseEach : parseList;
    const asked: ParsedRequest = { ...rest, images: await parse(imageSchema, named, 'images') };
    const holds = await holdDownloads(caller, asked);
    const shorten = eachEntryOnce();
    if (wantsLines(caller.request)) {
      const { send, end } = beginLines<PrefetchLine>(caller.response, unread);
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

/** What ends the hold on the download of each image, by its index; empty where nothing is held. */
type Holds = readonly (() => void)[];

/**
 * Keeps downloads that run for images of the screen until this request has asked for them itself, which `authorize` may take a while
 * to allow. A page that wants other images sends a new request, and ends the one before when the headers of this one are there.
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

/** All images of a request at once; the download queue sees to it that not too many run. */
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
    if (!options.signal.aborted) onResult?.(index, result); // nobody reads it otherwise
    return result;
  };
  const results: Promise<PrefetchResult>[] = [];
  const timeSlice = new TimeSlice();
  for (const [index, image] of asked.entries()) {
    if (timeSlice.isOver) await timeSlice.yield(); // ten thousand of them take a while to be begun
    results.push(prefetchOne(image, index).finally(holds[index]));
  }
  return Promise.all(results);
}

function count(actor_id: string, results: readonly PrefetchResult[]): PrefetchCounts {
  const of = (status: PrefetchResult['status']) => results.filter((result) => result.status === status).length;
  return { actor_id, total: results.length, cached: of('cached'), downloaded: of('downloaded'), failed: of('failed') };
}
