import type { Response, Router } from 'express';
import { ImageCacheError } from '../../errors.ts';
import type { VerifyLine, VerifyReport } from '../../protocol.ts';
import type { HttpContext } from '../context.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';
import { sendJson } from '../respond.ts';

/** `POST /verify`, as one report at the end, or with lines that tell how far it is with `Accept: application/x-ndjson`. */
export function verifyRoute(router: Router, context: HttpContext): void {
  router.post('/verify', async (request, response) => {
    if (wantsLines(request)) {
      await streamProgress(context, response);
      return;
    }
    const report = await context.cache.verify({ signal: requesterSignal(response) });
    sendJson(request, response, report satisfies VerifyReport);
  });
}

async function streamProgress({ cache }: HttpContext, response: Response): Promise<void> {
  const { send, end } = beginLines<VerifyLine>(response);
  try {
    const report = await cache.verify({ signal: requesterSignal(response), onProgress: send });
    send({ done: true, ...report });
  } catch (error) {
    send({ error: ImageCacheError.from(error).toItem() });
  }
  end();
}
