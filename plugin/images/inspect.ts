import { ImageCacheError } from '../errors.ts';
import { inspectBmp } from './bmp.ts';
import { inspectGif } from './gif.ts';
import { inspectHeif } from './heif.ts';
import { inspectIco } from './ico.ts';
import type { ImageInfo } from './imageInfo.ts';
import { inspectJpeg } from './jpeg.ts';
import { inspectJxl } from './jxl.ts';
import { notAnImage } from './notAnImage.ts';
import { inspectPng } from './png.ts';
import { inspectWebp } from './riff.ts';
import { sniff, type Format } from './sniff.ts';
import { inspectSvg } from './svg.ts';
import { inspectTiff } from './tiff.ts';

export interface InspectOptions {
  /** SVG can carry scripts. @default false */
  allowSvg?: boolean;
}

const INSPECTORS: Record<Format, (bytes: Uint8Array) => ImageInfo> = {
  jpeg: inspectJpeg,
  png: inspectPng,
  gif: inspectGif,
  webp: inspectWebp,
  heif: inspectHeif,
  jxl: inspectJxl,
  tiff: inspectTiff,
  bmp: inspectBmp,
  ico: inspectIco,
  svg: inspectSvg,
};

/**
 * What an image is, and the proof from its own structure that it is all there: an answer without Content-Length that
 * was cut looks like a success to every HTTP client. Nothing is decoded and nothing is copied; the time is linear in
 * the number of bytes. Pixels themselves are not looked at, so that a bit flip among them goes unnoticed.
 *
 * @throws ImageCacheError NOT_AN_IMAGE, UNSUPPORTED_TYPE (an SVG unless `allowSvg`, a bare JPEG XL codestream) or
 * UPSTREAM_TRUNCATED (recognised, but cut)
 *
 * @example
 * inspectImage(bytes) // { contentType: 'image/jpeg', extension: 'jpg', width: 3024, height: 4032 }
 */
export function inspectImage(bytes: Uint8Array, options: InspectOptions = {}): ImageInfo {
  const format = sniff(bytes);
  if (format === undefined) throw notAnImage(bytes);
  if (format === 'svg' && options.allowSvg !== true) {
    throw new ImageCacheError('UNSUPPORTED_TYPE', 'The body is an SVG, which can carry scripts.', {
      hint: 'Set the option allowSvg to cache SVGs; they are then served as sandboxed attachments.',
    });
  }
  const info = INSPECTORS[format](bytes);
  if (info.width === 0 || info.height === 0) {
    throw new ImageCacheError('NOT_AN_IMAGE', 'The image is 0 pixels wide or high.', {
      hint: 'The object in the bucket is damaged: upload it again.',
    });
  }
  return info;
}
