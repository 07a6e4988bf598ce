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
 * What proves that all of an image is here. `announced`: everything that was announced has come, by its number of bytes
 * or by a digest, so that this is what there is. `structure`: nothing was announced, so that only the image can tell.
 */
export type Proof = 'announced' | 'structure';

/**
 * Looks at the bytes of a whole object.
 * @throws ImageCacheError NOT_AN_IMAGE, UNSUPPORTED_TYPE, or UPSTREAM_TRUNCATED when the structure alone decides, and the
 * image is cut
 */
export type Inspector = (bytes: Uint8Array, proof: Proof) => InspectedImage;

/**
 * The content type of an image that may be sent on before the rest of it is there, by its first bytes; `undefined` for
 * all others, and as long as it can't be told.
 */
export type Recognizer = (beginning: Uint8Array) => string | undefined;
