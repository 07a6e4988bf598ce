import type { UploadCancelAnswer, UploadStatus } from '../../uploadProtocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { requesterSignal } from '../requesterSignal.ts';
import { discardRest, uploadBody } from '../uploadBody.ts';
import { parseJobId, parseUploadHeaders } from '../uploadHeaders.ts';

/** The states whose answer is 202: the bytes are safe here, and the end is open. */
const OPEN: ReadonlySet<UploadStatus['state']> = new Set(['accepted', 'storing', 'failed', 'blocked']);

/** Takes a picture. 201 when the bucket has it, 202 when it is on the disk of the server and goes on from there. */
export const uploadRoute = defineRoute({
  method: 'PUT',
  path: '/uploads/:jobId',
  access: 'uploads',
  readsBody: true,
  async handler({ request, response, uploads }): Promise<UploadStatus> {
    try {
      // Express's types know no parameters of a path that is a variable.
      const jobId = parseJobId(String(request.params['jobId']));
      const { isAsync, ...upload } = parseUploadHeaders(request.headers);
      const accepted = await uploads.accept(request, { ...upload, jobId, body: uploadBody(request) });
      if (isAsync) response.set('Preference-Applied', 'respond-async');
      const status = isAsync ? accepted : await uploads.settled(accepted, requesterSignal(response));
      response.status(status.state === 'stored' ? 201 : OPEN.has(status.state) ? 202 : 200);
      return status;
    } finally {
      discardRest(request);
    }
  },
});

export const uploadCancelRoute = defineRoute({
  method: 'DELETE',
  path: '/uploads/:jobId',
  access: 'uploads',
  handler: async ({ request, uploads }): Promise<UploadCancelAnswer> =>
    uploads.cancel(request, parseJobId(String(request.params['jobId']))),
});

export const uploadRetryRoute = defineRoute({
  method: 'POST',
  path: '/uploads/:jobId/retry',
  access: 'uploads',
  handler: async ({ request, uploads }): Promise<UploadStatus> =>
    uploads.retry(request, parseJobId(String(request.params['jobId']))),
});
