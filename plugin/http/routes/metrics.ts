import type { Request, Response } from 'express';
import { ImageCacheError } from '../../errors.ts';
import type { RouteContext } from '../defineRoute.ts';
import { PROMETHEUS_TEXT, prometheusText } from '../prometheusText.ts';
import { sendText } from '../respond.ts';

/** `GET /metrics`: the measures in the text format of Prometheus, if the option `metrics` is on. */
export const metricsRoute = { method: 'GET', path: '/metrics', access: 'metrics', create } as const;

function create({ cache, hasMetrics, outbound }: RouteContext) {
  return async (request: Request, response: Response): Promise<undefined> => {
    if (!hasMetrics) {
      throw new ImageCacheError('NOT_FOUND', 'The measures of this image cache are switched off.', {
        hint: 'Set the option `metrics: true`.',
      });
    }
    const body = Buffer.from(prometheusText(await cache.metrics()));
    outbound.admit(body.length);
    response.setHeader('Cache-Control', 'no-store');
    sendText(request, response, 200, PROMETHEUS_TEXT, body);
    outbound.sent(response, body.length);
  };
}
