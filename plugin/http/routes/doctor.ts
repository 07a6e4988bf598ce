import { ImageCacheError } from '../../errors.ts';
import type { DoctorAnswer, DoctorCheck } from '../../inspectorProtocol.ts';
import type { ItemError } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { beginLines, wantsLines } from '../ndjson.ts';

/** A check as it ends; at last the whole answer, or why there is none. */
type DoctorLine = DoctorCheck | (DoctorAnswer & { done: true }) | { error: ItemError };

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
    const { send, end } = beginLines<DoctorLine>(response, outbound);
    try {
      const answer = await doctor.examine(url, send);
      send({ done: true, ...answer });
    } catch (error) {
      send({ error: ImageCacheError.from(error).toItem() });
    }
    end();
    return undefined;
  },
});
