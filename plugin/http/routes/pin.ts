import { z } from 'zod';
import type { PinAnswer, PinRequest } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { actorId, flag, url } from '../fields.ts';

const body: z.ZodType<PinRequest> = z
  .strictObject({ s3_url: url.optional(), actor_id: actorId.optional(), pinned: flag.default(true) })
  .transform(({ s3_url, actor_id, ...rest }, context) => {
    if (s3_url !== undefined && actor_id === undefined) return { s3_url, ...rest };
    if (actor_id !== undefined && s3_url === undefined) return { actor_id, ...rest };
    context.addIssue({ code: 'custom', message: 'must name either an `s3_url` or an `actor_id`' });
    return z.NEVER;
  });

export const pinRoute = defineRoute({
  method: 'POST',
  path: '/pin',
  access: 'manage',
  body,
  handler({ body: { pinned, ...target }, cache }): Promise<PinAnswer> {
    return pinned === false ? cache.unpin(target) : cache.pin(target);
  },
});
