import { FORMATS, formatOf } from '../formats.ts';

const ALL_EXTENSIONS = new Set<string>(Object.values(FORMATS).flatMap(({ extensions }) => extensions));

/** File systems allow 255; the rest is left for the number that browsers add to a name that exists already. */
const MAX_BYTES = 200;

/**
 * `Content-Disposition` of an image (RFC 6266): it is shown inline, and saved under its own name. An SVG is never shown inline,
 * because it may contain scripts (T13).
 * @param filename a name for people, which may contain any characters
 */
export function contentDisposition(filename: string, contentType: string): string {
  const type = contentType === 'image/svg+xml' ? 'attachment' : 'inline';
  const name = savedName(filename, contentType);
  return `${type}; filename="${fallback(name)}"; filename*=UTF-8''${encode(name)}`;
}

/**
 * A file name that every system accepts, with the extension of the content. It has no path separators, no invisible characters and
 * none that change the direction of text (`gpj.exe` in reverse). The extension of another image format is replaced; any other text
 * after a dot is part of the name.
 */
export function savedName(filename: string, contentType: string): string {
  const clean = filename
    .normalize('NFC')
    .replace(/[/\\]+/g, '_')
    .replace(UNSEEN, '')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '');
  const [, stem = clean, extension = ''] = /^(.+)\.([^.]+)$/.exec(clean) ?? [];
  const lower = extension.toLowerCase();
  const known: readonly string[] = formatOf(contentType)?.extensions ?? [];
  if (known.includes(lower)) return `${cut(stem)}.${extension}`;
  const added = known[0] === undefined ? '' : `.${known[0]}`;
  return (cut(ALL_EXTENSIONS.has(lower) ? stem : clean) || 'image') + added;
}

/**
 * Control characters, halves of characters (RFC 8187 needs whole ones), line separators, characters that change the direction of
 * text (Unicode, UAX #9), and the byte order mark.
 */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Cuts the text to the longest allowed name, not in the middle of a character. */
function cut(text: string): string {
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_BYTES) break;
    kept += character;
  }
  return kept.trimEnd();
}

/** The name for clients that do not read `filename*`: ASCII, without `%`, which some decode, and quotes (RFC 6266, appendix D). */
function fallback(name: string): string {
  return name.replace(/[^\x20-\x7e]|["\\%]/gu, '_');
}

/** RFC 8187, 3.2.1. `encodeURIComponent` does not escape a few characters that are not in `attr-char`. */
function encode(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
