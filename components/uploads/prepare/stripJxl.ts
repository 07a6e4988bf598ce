import { boxesOf } from './boxes.ts';
import { type Bytes, hasText } from './bytes.ts';
import { rewrite } from './rewrite.ts';

const SHOWN = new Set(['JXL ', 'ftyp', 'jxll', 'jxlc', 'jxlp', 'jxli']);

/**
 * Keeps the codestream (ISO/IEC 18181-2), which holds orientation and colour profile itself. EXIF data, XMP, both of them
 * compressed (`brob`), and what gives a JPEG back with its own (`jbrd`) are not kept.
 */
export function stripJxl(bytes: Bytes): Bytes {
  // Without a container there is nothing but the codestream.
  if (!hasText(bytes, 'JXL ', 4)) return bytes;
  const file = rewrite(bytes);
  for (const { type, start, end } of boxesOf(bytes, 0, bytes.length)) if (SHOWN.has(type)) file.keep(start, end);
  return file.finish();
}
