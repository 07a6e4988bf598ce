import { inspectImage } from '../../plugin/images/index.ts';
import type { ImageInfo } from '../../plugin/images/imageInfo.ts';

/** What is said of bytes of which nothing was announced, so that only their structure proves that all of them are here. */
export function inspectAlone(bytes: Uint8Array): ImageInfo {
  return inspectImage(bytes, 'structure', { allowSvg: true });
}
