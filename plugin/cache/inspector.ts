/** What the bytes of an image say about it. */
export interface InspectedImage {
  /** e.g. `image/jpeg` */
  contentType: string;
  /** Without the dot. */
  extension: string;
  /** Pixels, orientation applied. */
  width?: number;
  height?: number;
}

/**
 * Looks at the bytes of a whole object.
 * @throws ImageCacheError NOT_AN_IMAGE, UNSUPPORTED_TYPE, or UPSTREAM_TRUNCATED when the image is cut
 */
export type Inspector = (bytes: Uint8Array) => InspectedImage;
