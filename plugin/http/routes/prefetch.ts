import type { Request, Response, Router } from 'express';
import { ImageCacheError } from '../../errors.ts';
import type { PrefetchAnswer, PrefetchCounts, PrefetchLine, PrefetchRequest, PrefetchResult } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';
import { sendJson } from '../respond.ts';
import { prefetchSchema } from '../schemas.ts';

/** `POST /prefetch`, as one answer at the end, or as a line per image with `Accept: application/x-ndjson`. */
export function prefetchRoute(router: Router, context: HttpContext): void {
  router.post('/prefetch', async (request, response) => {
    const body = parseBody(prefetchSchema, request.body);
    if (wantsLines(request)) {
      await streamResults(context, request, response, body);
      return;
    }
    const results = await prefetchAll(context, request, response, body);
    sendJson(request, response, { ...count(body.actor_id, results), results } satisfies PrefetchAnswer);
  });
}

async function streamResults(
  context: HttpContext,
  request: Request,
  response: Response,
  body: PrefetchRequest,
): Promise<void> {
  const { send, end } = beginLines<PrefetchLine>(response);
  const results = await prefetchAll(context, request, response, body, (index, result) => send({ index, ...result }));
  send({ done: true, ...count(body.actor_id, results) });
  end();
}

/** All images of a request at once; the download queue sees to it that not too many run. */
function prefetchAll(
  { cache, authorize }: HttpContext,
  request: Request,
  response: Response,
  { actor_id, images, priority, revalidate }: PrefetchRequest,
  onResult?: (index: number, result: PrefetchResult) => void,
): Promise<PrefetchResult[]> {
  const signal = requesterSignal(response);
  return Promise.all(
    images.map(async (image, index) => {
      const result = await cache.prefetch(image, actor_id, { priority, signal, revalidate });
      const hidden = result.status !== 'failed' && authorize !== undefined && !(await authorize(request, result.entry));
      const shown = hidden ? notAuthorized(result.s3_url) : result;
      onResult?.(index, shown);
      return shown;
    }),
  );
}

function notAuthorized(s3_url: string): PrefetchResult {
  return {
    s3_url,
    status: 'failed',
    error: new ImageCacheError('NOT_AUTHORIZED', 'You may not see this image.').toItem(),
  };
}

function count(actor_id: string, results: readonly PrefetchResult[]): PrefetchCounts {
  const of = (status: PrefetchResult['status']) => results.filter((result) => result.status === status).length;
  return { actor_id, total: results.length, cached: of('cached'), downloaded: of('downloaded'), failed: of('failed') };
}
