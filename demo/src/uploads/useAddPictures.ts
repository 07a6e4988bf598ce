import { useState } from 'react';
import { UploadError, type UploadCallOptions, useImageUpload } from 'vite-plugin-image-cache/uploads';

export interface AddPictures {
  add(files: readonly File[], options?: UploadCallOptions): Promise<void>;
  /** What was wrong with files of the last call. */
  refused: readonly UploadError[];
  /** Shows something else that was refused, such as a reference. */
  report(error: unknown): void;
}

/** Saves pictures, and keeps what was refused, to be shown. */
export function useAddPictures(): AddPictures {
  const { upload } = useImageUpload();
  const [refused, setRefused] = useState<readonly UploadError[]>([]);

  const report = (error: unknown) => {
    if (!(error instanceof UploadError)) throw error;
    setRefused(error.errors.length > 0 ? error.errors : [error]);
  };

  const add = async (files: readonly File[], options?: UploadCallOptions) => {
    if (files.length === 0) return;
    setRefused([]);
    try {
      await upload(files, options);
    } catch (error) {
      report(error);
    }
  };
  return { add, refused, report };
}
