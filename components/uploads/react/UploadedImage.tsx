'use client';

import { type ComponentPropsWithRef, forwardRef } from 'react';
import { useUploadedImage } from './useUploadedImage.ts';

/** What is still known of a picture that is neither in this browser nor on the server. */
export interface MissingPicture {
  readonly filename: string | undefined;
  /** In milliseconds since the epoch. */
  readonly createdAt: number | undefined;
}

export interface UploadedImageProps extends Omit<ComponentPropsWithRef<'img'>, 'src' | 'srcSet' | 'crossOrigin'> {
  /** `upload.ref`, as the app keeps it in its data: `/api/cache/i/<id>.<ext>`. */
  imageRef: string | undefined;
  /** Of a picture that is in this browser no more, its name is said: as the app knows it. @default as the upload has it, if it is known */
  filename?: string;
  /** And when it was added, in milliseconds since the epoch. @default as the upload has it, if it is known */
  createdAt?: number;
  /** What `alt` says, after the text that is given, when the picture is nowhere any more. @default a sentence in English */
  missingText?(picture: MissingPicture): string;
  alt: string;
}

/**
 * An `<img>` of a picture that was uploaded, or is to be: the browser's own copy at once, also offline, and the server's when the bucket has
 * it, in the same element and without a flicker. `data-status` is the status of its upload, `data-source` is `browser` or `server`. A picture
 * that is nowhere has `data-status="missing"`, and its `alt` says so, with its name and date.
 * @example <UploadedImage imageRef={note.imageRef} alt="" width={640} height={480} />
 */
export const UploadedImage = forwardRef<HTMLImageElement, UploadedImageProps>(function UploadedImage(
  { imageRef, alt, filename, createdAt, missingText = inEnglish, onError, ...attributes },
  ref,
) {
  const { src, source, crossOrigin, upload, isMissing, onError: recover } = useUploadedImage(imageRef);
  const picture = { filename: filename ?? upload?.filename, createdAt: createdAt ?? upload?.createdAt };
  return (
    <img
      {...attributes}
      ref={ref}
      alt={isMissing ? [alt, missingText(picture)].filter(Boolean).join(' ') : alt}
      src={src}
      crossOrigin={crossOrigin}
      data-status={isMissing ? 'missing' : upload?.status}
      data-source={source}
      onError={(event) => {
        recover();
        onError?.(event);
      }}
    />
  );
});

function inEnglish({ filename, createdAt }: MissingPicture): string {
  const added =
    createdAt === undefined ? '' : `, added on ${new Date(createdAt).toLocaleDateString('en', { dateStyle: 'long' })},`;
  return `(${filename ?? 'This picture'}${added} is missing.)`;
}
