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

/**
 * The content type of an image that may be sent on before the rest of it is there, by its first bytes; `undefined` for
 * all others, and as long as it can't be told.
 */
export type Recognizer = (beginning: Uint8Array) => string | undefined;
