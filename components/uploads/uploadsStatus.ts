import type { UploadFault, UploadsStatus } from './imageUploads.ts';
import { isAtServer } from './queue/jobState.ts';
import type { LiveState } from './queue/liveState.ts';
import type { StoredJob } from './queue/storedJob.ts';

interface StatusParts extends Pick<UploadsStatus, 'counts' | 'storage' | 'isSender'> {
  readonly jobs: readonly StoredJob[];
  readonly live: LiveState;
  readonly isOnline: boolean;
  /** Another tab has a newer version of this code. */
  readonly outdated: UploadFault | undefined;
}

/** How the uploads are as a whole. */
export function uploadsStatus({ jobs, live, isOnline, outdated, ...parts }: StatusParts): UploadsStatus {
  // What blocks one picture is in that picture. What blocks our server blocks all that it has.
  const onServer = jobs.find((job) => job.state === 'blocked' && isAtServer(job));
  const blocked = outdated ?? (live.network === 'blocked' ? live.error : onServer?.error);
  return {
    ...parts,
    network: isOnline ? live.network : 'offline',
    bytesPending: jobs.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0),
    ...(blocked && { blocked }),
  };
}
