import { OFFLINE_VARIABLE } from '../../../protocol.ts';
import { type Check, skip, warn } from '../../check.ts';

/** For those who have forgotten that they asked for it. */
export function offlineCheck(): Check {
  return {
    id: 'server.offline',
    group: 'server',
    title: 'Offline by choice',
    run() {
      return warn(
        'Only cached images are served. S3 is not asked, and nothing is removed.',
        `Start it with ${OFFLINE_VARIABLE}=0, or without the option \`offline\`, to ask S3 again.`,
      );
    },
  };
}

/** A check that would have to ask S3. Its `late` may ask, too, so it has none. */
export function unasked(check: Check): Check {
  const { late: _, ...rest } = check;
  return { ...rest, run: () => skip('the image cache is offline by choice') };
}
