import type { Proof } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { createFacts, infoOf, type Facts, type Walk } from './facts.ts';
import { FAMILIES, sniff } from './families.ts';
import type { ImageInfo } from './imageInfo.ts';
import { notAnImage } from './notAnImage.ts';

export interface InspectOptions {
  /** SVG can carry scripts. @default false */
  allowSvg?: boolean;
}

/**
 * What an image is. That all of it is here is proved in one of two ways: all that was announced has come, and then it is
 * kept as the bucket has it, as soon as it is recognised, whatever its end looks like, for browsers show it, too; or
 * nothing was announced, and then its own structure must lead to its end, since an answer without Content-Length that was
 * cut looks like a success to every HTTP client. Nothing is decoded and nothing is copied; the time is bounded (see
 * `byteReader.ts`). Pixels themselves are not looked at, so that a bit flip among them goes unnoticed.
 *
 * @throws ImageCacheError NOT_AN_IMAGE, UNSUPPORTED_TYPE (an SVG unless `allowSvg`; a bare JPEG XL codestream of unknown
 * length) or UPSTREAM_TRUNCATED (cut, as far as the structure tells)
 *
 * @example
 * inspectImage(bytes, 'announced') // { contentType: 'image/jpeg', extension: 'jpg', width: 3024, height: 4032 }
 */
export function inspectImage(bytes: Uint8Array, proof: Proof, options: InspectOptions = {}): ImageInfo {
  const family = sniff(bytes);
  if (family === undefined) throw notAnImage(bytes);
  if (family === 'svg' && options.allowSvg !== true) {
    throw new ImageCacheError('UNSUPPORTED_TYPE', 'The body is an SVG, which can carry scripts.', {
      hint: 'Set the option allowSvg to cache SVGs; they are then served as sandboxed attachments.',
    });
  }
  const facts = createFacts();
  const fault = faultOf(FAMILIES[family].walk, bytes, facts);
  if (fault !== undefined && proof === 'structure') throw fault;
  if (fault !== undefined && !facts.isRecognized) throw incomplete(fault);
  if (facts.contentType === undefined) throw notAnImage(bytes);
  if (facts.width === 0 || facts.height === 0) {
    throw new ImageCacheError('NOT_AN_IMAGE', 'The image is 0 pixels wide or high.', {
      hint: 'The object in the bucket is damaged: upload it again.',
    });
  }
  return infoOf(facts.contentType, facts);
}

/** Why the structure does not prove that all of the image is there; `undefined` when it does. */
function faultOf(walk: Walk, bytes: Uint8Array, facts: Facts): ImageCacheError | undefined {
  try {
    walk(bytes, facts);
    return undefined;
  } catch (error) {
    if (error instanceof ImageCacheError) return error;
    throw error;
  }
}

/** Nothing was cut on the way: the object itself holds too little of an image to show. */
function incomplete(fault: ImageCacheError): ImageCacheError {
  if (fault.code !== 'UPSTREAM_TRUNCATED') return fault;
  return new ImageCacheError('NOT_AN_IMAGE', fault.message, {
    hint: 'All of the object has come, so that the object in the bucket is incomplete: upload it again.',
  });
}
