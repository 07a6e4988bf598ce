'use client';

import { type ReactElement, type ReactNode, useEffect, useMemo } from 'react';
import { createUploads } from '../createUploads.ts';
import type { ImageUploads, ImageUploadsOptions } from '../imageUploads.ts';
import { createObjectUrls } from './objectUrls.ts';
import { UploadsContext } from './uploadsContext.ts';

export interface ImageUploadsProviderProps extends ImageUploadsOptions {
  /** What `createImageUploads()` has made. Without it, the provider makes one of the other props. */
  uploads?: ImageUploads;
  children?: ReactNode;
}

/**
 * Has the pictures that were picked on this page saved and sent, and tells the components below about them. Another `project`, `owner` or
 * `base` begins anew; of the other options those of the first render count.
 * @example <ImageUploadsProvider owner={user.id}><App /></ImageUploadsProvider>
 * @example <ImageUploadsProvider transport={presignedTransport({ sign })}><App /></ImageUploadsProvider>
 */
export function ImageUploadsProvider({
  uploads: given,
  children,
  ...options
}: ImageUploadsProviderProps): ReactElement {
  const { project, owner, base } = options;
  const own = useMemo(
    () => (given ? undefined : createUploads(options)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- options are written as literals: another object is no other option
    [given, project, owner, base],
  );
  // In an effect, so that nothing is begun by a render that React throws away.
  useEffect(() => own?.start(), [own]);
  const uploads = given ?? own;
  const value = useMemo(
    () => uploads && { uploads, objectUrls: createObjectUrls((imageRef) => uploads.bytesOf(imageRef)) },
    [uploads],
  );
  return <UploadsContext.Provider value={value}>{children}</UploadsContext.Provider>;
}
