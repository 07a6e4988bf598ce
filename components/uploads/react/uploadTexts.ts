import type { Upload, UploadFault, UploadPhase } from '../imageUploads.ts';
import { uploadErrorText } from '../uploadErrorText.ts';

/** The texts of `<UploadList>`, for other languages. */
export interface UploadTexts {
  /** What happens to a picture now, and what comes next; without the reason of an error. */
  status(upload: Upload): string;
  /** What has gone wrong, and what the user can do. @default uploadErrorText */
  error(fault: UploadFault, status: UploadPhase): string;
  retry: string;
  cancel: string;
  pause: string;
  resume: string;
  save: string;
  /** After `GPS_NOT_REMOVABLE`. */
  sendAnyway: string;
}

const ENGLISH_STATUS: Record<UploadPhase, string> = {
  saving: 'Being saved',
  pending: 'Saved on this device, waiting to be uploaded',
  uploading: 'Uploading',
  processing: 'The server is storing it',
  uploaded: 'Uploaded',
  failed: 'Not uploaded',
  blocked: 'Not uploaded yet',
  paused: 'Paused; it is saved on this device',
  canceled: 'Canceled',
  missing: 'Lost',
};

export const ENGLISH: UploadTexts = {
  status({ status, error, nextAttemptAt, progress }) {
    // Only the user can go on.
    if (status === 'blocked' && error?.code === 'GPS_NOT_REMOVABLE') return 'Needs your decision.';
    const percent =
      status === 'uploading' && progress ? ` ${Math.floor((progress.loaded / progress.total) * 100)} %` : '';
    const isWaiting = status === 'pending' && nextAttemptAt !== null;
    const next = isWaiting ? ` Next try at ${new Date(nextAttemptAt).toLocaleTimeString()}.` : '';
    return `${ENGLISH_STATUS[status]}${percent}.${next}`;
  },
  error: uploadErrorText,
  retry: 'Retry',
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Resume',
  save: 'Save to disk',
  sendAnyway: 'Send it as it is',
};
