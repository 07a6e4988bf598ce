import { z } from 'zod';
import type { AskAnswer, AskRequest } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { url } from '../../fields.ts';
import { requesterSignal } from '../../requesterSignal.ts';

const MAX_ASKED = 1000;

const body: z.ZodType<AskRequest> = z.strictObject({
  s3_urls: z.array(url, { error: 'must be a list' }).max(MAX_ASKED, `must have at most ${MAX_ASKED} URLs`),
});

/** Asks the bucket whether it has these objects. Downloads and removes nothing. */
export const askRoute = defineRoute({
  method: 'POST',
  path: '/ask',
  access: 'manage',
  body,
  handler: ({ response, body: { s3_urls }, cache }): Promise<AskAnswer> =>
    cache.insight.ask(s3_urls, requesterSignal(response)),
});
