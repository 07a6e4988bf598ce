import { z } from 'zod';
import type { InvalidateAnswer, InvalidateRequest } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { url } from '../fields.ts';

const body: z.ZodType<InvalidateRequest> = z.object({ s3_url: url });

export const invalidateRoute = defineRoute({
  method: 'POST',
  path: '/invalidate',
  access: 'invalidate',
  body,
  handler: async ({ body: { s3_url }, cache }): Promise<InvalidateAnswer> => ({
    invalidated: await cache.invalidate(s3_url),
  }),
});
