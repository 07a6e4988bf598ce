import { z } from 'zod';
import type {
  UploadCheckAnswer,
  UploadCheckRequest,
  UploadFindAnswer,
  UploadHealth,
  UploadRemoveAnswer,
  UploadsAnswer,
  UploadStatus,
} from '../../uploadProtocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { digestName, entityPart, jobId, sha256 } from '../fields.ts';

const MAX_CHECKED = 100;
const MAX_REMOVED = 1_000;

const body: z.ZodType<UploadCheckRequest> = z.object({
  jobs: z
    .array(z.object({ job_id: jobId, sha256 }), { error: 'must be a list' })
    .max(MAX_CHECKED, `must have at most ${MAX_CHECKED} uploads`),
});

const atMost = <T>(each: z.ZodType<T>, what: string) =>
  z.array(each, { error: 'must be a list' }).max(MAX_REMOVED, `must have at most ${MAX_REMOVED} ${what}`);

const entity = z.object({ type: entityPart, id: entityPart }, { error: 'must be an object { type, id }' });
const image = z.object({ name: digestName }, { error: 'must be an object { name }' });
const added = z.object({ job_id: jobId, entity, image });
const found = z.object({
  entity,
  images: atMost(image, 'pictures'),
});
const removed = found.extend({
  job_ids: atMost(jobId, 'uploads').optional(),
  exact: z.boolean({ error: 'must be true or false' }).optional(),
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

/** A picture that the bucket has, for one more entity: its bytes need not be sent again. */
export const uploadsAddRoute = defineRoute({
  method: 'POST',
  path: '/uploads/add',
  access: 'uploads',
  body: added,
  handler: ({ request, body, uploads }): Promise<UploadStatus> => uploads.add(request, body),
});

/** What a removal is about, to be asked first: what an entity is given after that is not removed. */
export const uploadsFindRoute = defineRoute({
  method: 'POST',
  path: '/uploads/find',
  access: 'uploads',
  body: found,
  handler: ({ request, body, uploads }): Promise<UploadFindAnswer> => uploads.find(request, body),
});

/** A POST, and no DELETE, because it is of many pictures at once. */
export const uploadsRemoveRoute = defineRoute({
  method: 'POST',
  path: '/uploads/remove',
  access: 'uploads',
  body: removed,
  handler: async ({
    request,
    body: { job_ids = [], exact = false, ...rest },
    uploads,
  }): Promise<UploadRemoveAnswer> => {
    return uploads.remove(request, { ...rest, job_ids, exact });
  },
});

export const uploadsHealthRoute = defineRoute({
  method: 'GET',
  path: '/uploads/health',
  access: 'uploads',
  handler: async ({ request, uploads }): Promise<UploadHealth> => uploads.health(request),
});
