import { useState } from 'react';
import { UploadError, type UploadCallOptions, useImageUpload } from 'vite-plugin-image-cache/uploads';

export interface AddPictures {
  add(files: readonly File[], options?: UploadCallOptions): Promise<void>;
  /** What was wrong with files of the last call. */
  refused: readonly UploadError[];
}

/** Saves pictures, and keeps what was refused, to be shown. */
export function useAddPictures(): AddPictures {
  const { upload } = useImageUpload();
  const [refused, setRefused] = useState<readonly UploadError[]>([]);

  const add = async (files: readonly File[], options?: UploadCallOptions) => {
    if (files.length === 0) return;
    setRefused([]);
    try {
      await upload(files, options);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      setRefused(error.errors.length > 0 ? error.errors : [error]);
    }
  };
  return { add, refused };
}
