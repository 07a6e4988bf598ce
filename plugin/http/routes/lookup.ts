import type { Router } from 'express';
import type { LookupAnswer, ManifestEntry } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { sendJson } from '../respond.ts';
import { lookupSchema } from '../schemas.ts';

/** `POST /lookup` */
export function lookupRoute(router: Router, { cache, authorize }: HttpContext): void {
  router.post('/lookup', async (request, response) => {
    const { urls } = parseBody(lookupSchema, request.body);
    const entries = await cache.lookup(urls);
    const visible = await Promise.all(
      entries.map(async (entry): Promise<ManifestEntry | null> => {
        if (entry === undefined) return null;
        return authorize === undefined || (await authorize(request, entry)) ? entry : null;
      }),
    );
    const answer: LookupAnswer = {
      entries: Object.fromEntries(urls.map((url, index) => [url, visible[index] ?? null])),
    };
    sendJson(request, response, answer);
  });
}
