'use client';

import { type ComponentPropsWithRef, forwardRef } from 'react';
import { useUploadedImage } from './useUploadedImage.ts';

export interface UploadedImageProps extends Omit<ComponentPropsWithRef<'img'>, 'src' | 'srcSet' | 'crossOrigin'> {
  /** `upload.ref`, as the app keeps it in its data: `/api/cache/i/<id>.<ext>`. */
  imageRef: string | undefined;
  alt: string;
}

/**
 * An `<img>` of a picture that was uploaded, or is to be: the browser's own copy at once, also offline, and the server's when the bucket has
 * it, in the same element and without a flicker. `data-status` is the status of its upload, `data-source` is `browser` or `server`.
 * @example <UploadedImage imageRef={note.imageRef} alt="" width={640} height={480} />
 */
export const UploadedImage = forwardRef<HTMLImageElement, UploadedImageProps>(function UploadedImage(
  { imageRef, alt, onError, ...attributes },
  ref,
) {
  const { src, source, crossOrigin, upload, onError: recover } = useUploadedImage(imageRef);
  return (
    <img
      {...attributes}
      ref={ref}
      alt={alt}
      src={src}
      crossOrigin={crossOrigin}
      data-status={upload?.status}
      data-source={source}
      onError={(event) => {
        recover();
        onError?.(event);
      }}
    />
  );
});
