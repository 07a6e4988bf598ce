import { createContext, useContext } from 'react';
import type { ImageUploads } from '../imageUploads.ts';
import type { ObjectUrls } from './objectUrls.ts';

export interface UploadsContextValue {
  readonly uploads: ImageUploads;
  readonly objectUrls: ObjectUrls;
}

export const UploadsContext = /* @__PURE__ */ createContext<UploadsContextValue | undefined>(undefined);

/** What the nearest provider has. @throws Error without one */
export function useUploadsContext(): UploadsContextValue {
  const value = useContext(UploadsContext);
  if (!value) throw new Error('Uploads need an <ImageUploadsProvider> above the component that uses them.');
  return value;
}
