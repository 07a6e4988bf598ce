import type { Response } from 'express';
import { ImageCacheError } from '../../errors.ts';
import type { VerifyLine, VerifyReport } from '../../protocol.ts';
import type { HttpContext } from '../context.ts';
import type { Handler } from '../handlers.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';

/** `POST /verify`, as one report at the end, or with lines that tell how far it is with `Accept: application/x-ndjson`. */
export function verifyRoute(context: HttpContext): Handler {
  return async (request, response): Promise<VerifyReport | undefined> => {
    if (!wantsLines(request)) return context.cache.verify({ signal: requesterSignal(response) });
    await streamProgress(context, response);
    return undefined;
  };
}

async function streamProgress({ cache, unread }: HttpContext, response: Response): Promise<void> {
  const { send, end } = beginLines<VerifyLine>(response, unread);
  try {
    const report = await cache.verify({ signal: requesterSignal(response), onProgress: send });
    send({ done: true, ...report });
  } catch (error) {
    send({ error: ImageCacheError.from(error).toItem() });
  }
  end();
}
