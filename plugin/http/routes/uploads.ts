import { z } from 'zod';
import type { UploadCheckAnswer, UploadCheckRequest, UploadHealth, UploadsAnswer } from '../../uploadProtocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { jobId, sha256 } from '../fields.ts';

const MAX_CHECKED = 100;

const body: z.ZodType<UploadCheckRequest> = z.object({
  jobs: z
    .array(z.object({ job_id: jobId, sha256 }), { error: 'must be a list' })
    .max(MAX_CHECKED, `must have at most ${MAX_CHECKED} uploads`),
});

export const uploadsRoute = defineRoute({
  method: 'GET',
  path: '/uploads',
  access: 'uploads',
  handler: ({ request, uploads }): Promise<UploadsAnswer> => uploads.list(request),
});

/** Where uploads are that a browser was not told of: it was closed, or the server was. */
export const uploadsCheckRoute = defineRoute({
  method: 'POST',
  path: '/uploads/check',
  access: 'uploads',
  body,
  handler: async ({ request, body: { jobs }, uploads }): Promise<UploadCheckAnswer> => ({
    jobs: await uploads.check(request, jobs),
  }),
});

export const uploadsHealthRoute = defineRoute({
  method: 'GET',
  path: '/uploads/health',
  access: 'uploads',
  handler: async ({ request, uploads }): Promise<UploadHealth> => uploads.health(request),
});
