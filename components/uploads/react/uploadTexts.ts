import type { Upload, UploadPhase } from '../imageUploads.ts';

/** The texts of `<UploadList>`, for other languages. */
export interface UploadTexts {
  /** What happens to a picture now, and what comes next. */
  status(upload: Upload): string;
  retry: string;
  cancel: string;
  pause: string;
  resume: string;
  save: string;
  sendAnyway: string;
  /** Said when one more has failed, or waits until somebody acts. */
  failing(upload: Upload): string;
}

const ENGLISH_STATUS: Record<UploadPhase, string> = {
  saving: 'Being saved',
  pending: 'Saved on this device, waiting to be uploaded',
  uploading: 'Uploading',
  processing: 'The server is storing it',
  uploaded: 'Uploaded',
  failed: 'Not uploaded; it is saved on this device',
  blocked: 'Waiting; it is saved on this device',
  paused: 'Paused; it is saved on this device',
  canceled: 'Canceled',
  missing: 'This device no longer has it',
};

export const ENGLISH: UploadTexts = {
  status({ status, error, nextAttemptAt, progress }) {
    const percent =
      status === 'uploading' && progress ? ` ${Math.floor((progress.loaded / progress.total) * 100)} %` : '';
    const reason = error ? `. ${[error.message, error.hint].filter(Boolean).join(' ')}` : '';
    const isWaiting = status === 'pending' && nextAttemptAt !== null;
    const next = isWaiting ? ` Next try at ${new Date(nextAttemptAt).toLocaleTimeString()}.` : '';
    return `${ENGLISH_STATUS[status]}${percent}${reason}${next}`;
  },
  retry: 'Retry',
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Resume',
  save: 'Save to disk',
  sendAnyway: 'Send anyway',
  failing: ({ filename, error }) => `${filename}: ${error?.message ?? 'not uploaded'}`,
};
