import { z } from 'zod';
import type { RefetchAnswer, RefetchRequest } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { url } from '../../fields.ts';
import { publicEntry } from '../../publicEntry.ts';
import { requesterSignal } from '../../requesterSignal.ts';

const body: z.ZodType<RefetchRequest> = z.strictObject({ s3_url: url });

/** Fetches an image again, and replaces the copy only by a good one. */
export const refetchRoute = defineRoute({
  method: 'POST',
  path: '/refetch',
  access: 'manage',
  body,
  handler: async ({ response, body: { s3_url }, cache }): Promise<RefetchAnswer> => {
    const { status, entry } = await cache.refetch(s3_url, requesterSignal(response));
    return { status, entry: publicEntry(entry) };
  },
});
