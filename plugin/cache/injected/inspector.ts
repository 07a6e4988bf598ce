/** What the bytes of an image tell about it. */
export interface InspectedImage {
  /** e.g. `image/jpeg` */
  contentType: string;
  /** Without the dot. */
  extension: string;
  /** In pixels, with the orientation applied. */
  width?: number;
  height?: number;
}

/**
 * What proves that an image is complete. `announced`: everything that was announced has arrived, according to its number of bytes
 * or a digest. `structure`: nothing was announced, so only the structure of the image can tell.
 */
export type Proof = 'announced' | 'structure';

/**
 * Inspects the bytes of a whole object.
 * @throws ImageCacheError NOT_AN_IMAGE, UNSUPPORTED_TYPE, or UPSTREAM_TRUNCATED when the structure alone decides, and the image
 * is cut
 */
export type Inspector = (bytes: Uint8Array, proof: Proof) => InspectedImage;

/**
 * The content type of an image that may be sent on before it is complete, according to its first bytes. `undefined` for all
 * others, and as long as the type is not certain.
 */
export type Recognizer = (beginning: Uint8Array) => string | undefined;
