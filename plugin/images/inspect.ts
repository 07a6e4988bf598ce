import type { Proof } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { createFacts, infoOf, type Facts, type Walk } from './facts.ts';
import { FAMILIES, sniff } from './families.ts';
import type { ImageInfo } from './imageInfo.ts';
import { notAnImage } from './notAnImage.ts';

export interface InspectOptions {
  /** Whether SVG, which can contain scripts, is accepted. @default false */
  allowSvg?: boolean;
}

/**
 * Finds out what an image is, and whether it is complete. There are two proofs of that. `announced`: all announced bytes have
 * arrived. Then an image that is recognised is accepted as it is in the bucket, whatever its end looks like, because browsers show
 * it, too. `structure`: no length was announced. Then the structure of the image must lead to its end, because an answer without
 * Content-Length that was cut looks like a success to every HTTP client. Nothing is decoded or copied, and the time is limited (see
 * `byteReader.ts`). The pixels are not checked, so a bit flip among them is not noticed.
 *
 * @throws ImageCacheError NOT_AN_IMAGE, UNSUPPORTED_TYPE (an SVG unless `allowSvg`; a bare JPEG XL codestream of unknown
 * length) or UPSTREAM_TRUNCATED (it was cut, according to its structure)
 *
 * @example
 * inspectImage(bytes, 'announced') // { contentType: 'image/jpeg', extension: 'jpg', width: 3024, height: 4032 }
 */
export function inspectImage(bytes: Uint8Array, proof: Proof, options: InspectOptions = {}): ImageInfo {
  const family = sniff(bytes);
  if (family === undefined) throw notAnImage(bytes);
  if (family === 'svg' && options.allowSvg !== true) {
    throw new ImageCacheError('UNSUPPORTED_TYPE', 'The body is an SVG, which can contain scripts.', {
      hint: 'Set the option allowSvg to cache SVGs; they are then served as sandboxed attachments.',
      fix: 'allowSvg: true',
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

/** Why the structure does not prove that the image is complete; `undefined` if it does. */
function faultOf(walk: Walk, bytes: Uint8Array, facts: Facts): ImageCacheError | undefined {
  try {
    walk(bytes, facts);
    return undefined;
  } catch (error) {
    if (error instanceof ImageCacheError) return error;
    throw error;
  }
}

/** The error for an object that is itself incomplete, so that browsers cannot show anything of it. */
function incomplete(fault: ImageCacheError): ImageCacheError {
  if (fault.code !== 'UPSTREAM_TRUNCATED') return fault;
  return new ImageCacheError('NOT_AN_IMAGE', fault.message, {
    hint: 'All bytes of the object have arrived, so the object in the bucket is incomplete: upload it again.',
  });
}
