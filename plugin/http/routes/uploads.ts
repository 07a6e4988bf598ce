import { z } from 'zod';
import type { UploadCheckAnswer, UploadCheckRequest, UploadHealth, UploadsAnswer } from '../../protocol.ts';
import { JOB_ID } from '../../uploads/index.ts';
import { defineRoute } from '../defineRoute.ts';

const MAX_CHECKED = 100;

const body: z.ZodType<UploadCheckRequest> = z.object({
  jobs: z
    .array(
      z.object({
        job_id: z.string().regex(JOB_ID, 'must have 32 digits, 0 to 9 and a to f'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must have 64 digits, 0 to 9 and a to f'),
      }),
      { error: 'must be a list' },
    )
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
