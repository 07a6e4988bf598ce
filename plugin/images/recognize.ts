import { type ContentType, FORMATS, formatOf } from '../formats.ts';
import { sniff } from './families.ts';
import { heifType } from './heif.ts';
import { readBrands } from './isobmff.ts';

/**
 * The content type of an image that may be sent while it arrives, by its first bytes. `undefined` for an SVG, which may contain
 * scripts, and for formats that only some browsers can show: these are sent when they were inspected as a whole.
 */
export function recognizeImage(beginning: Uint8Array): string | undefined {
  const family = sniff(beginning);
  const type = family === 'heif' ? heifType(readBrands(beginning)) : TYPES.find((it) => FORMATS[it].family === family);
  return type !== undefined && formatOf(type)?.isStreamed === true ? type : undefined;
}

const TYPES = Object.keys(FORMATS) as ContentType[]; // its own keys, and no others
