import type { IncomingMessage } from 'node:http';
import { ImageCacheError } from '../../errors.ts';
import type { HttpContext } from '../context.ts';
import { createGuard } from '../guard.ts';
import type { Middleware } from '../middleware.ts';
import { sendProblem } from '../respond.ts';
import { isApiUrl } from './inspector.ts';
import type { InspectorOptions } from './inspectorOptions.ts';
import { createPageGuard } from './pageGuard.ts';

const MAX_WAIT_MS = 10_000;

/** Lets only requests through that `authorize` accepts. It is not called for requests that the guard refuses. */
export function authorizeInspector(
  { authorize }: InspectorOptions,
  { allowedHosts, logger }: Pick<HttpContext, 'allowedHosts' | 'logger'>,
  inspector: Middleware,
  maxWaitMs = MAX_WAIT_MS,
): Middleware {
  const guardPage = createPageGuard({ allowedHosts });
  const guardApi = createGuard({ allowedHosts, allowedOrigins: [] });

  return function authorizedInspectorMiddleware(request, response, next) {
    const check = async (): Promise<void> => {
      (isApiUrl(request.url ?? '/') ? guardApi : guardPage)(request);
      if (await isLetIn(authorize, request, maxWaitMs)) return;
      throw new ImageCacheError('NOT_AUTHORIZED', 'You may not use the inspector of the image cache.', {
        hint: 'Sign in as somebody for whom the option `authorize` of `images.inspector()` returns true.',
      });
    };
    check().then(
      () => inspector(request, response, next),
      (error: unknown) => {
        const failure = ImageCacheError.from(error);
        if (failure.code === 'INTERNAL') logger.warn(failure.message);
        sendProblem(request, response, failure);
      },
    );
  };
}

/** @throws ImageCacheError INTERNAL when the hook throws, or does not answer */
async function isLetIn(
  authorize: InspectorOptions['authorize'],
  request: IncomingMessage,
  maxWaitMs: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not answered for ${maxWaitMs / 1000} s`)), maxWaitMs);
  });
  try {
    const answer: unknown = await Promise.race([authorize(request), late]);
    return answer === true;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImageCacheError('INTERNAL', `The option \`authorize\` of \`images.inspector()\` failed: ${reason}`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
