import type { DoctorAnswer, DoctorCheck } from '../../inspectorProtocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { answerInLines, wantsLines } from '../ndjson.ts';

/** A check as it ends; at last the whole answer. */
type DoctorLine = DoctorCheck | (DoctorAnswer & { done: true });

/**
 * Says whether the installation is well or, with `url`, all about one image. With `Accept: application/x-ndjson` each check is a line as soon
 * as it has ended.
 */
export const doctorRoute = defineRoute({
  method: 'GET',
  path: '/doctor',
  access: 'manage',
  query: { url: 'INVALID_URL' },
  async handler({ request, response, query: { url }, doctor, outbound }): Promise<DoctorAnswer | undefined> {
    if (!wantsLines(request)) {
      response.setHeader('Cache-Control', 'no-store');
      return doctor.examine(url);
    }
    return answerInLines<DoctorLine>(response, outbound, async (send) => ({
      done: true,
      ...(await doctor.examine(url, send)),
    }));
  },
});
