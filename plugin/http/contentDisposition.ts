import { FORMATS, formatOf } from '../formats.ts';

const ALL_EXTENSIONS = new Set<string>(Object.values(FORMATS).flatMap(({ extensions }) => extensions));

/** File systems hold 255; browsers add a number to a name that is taken. */
const MAX_BYTES = 200;

/**
 * `Content-Disposition` of an image (RFC 6266): shown in place, and saved under its own name. Of SVG it is never shown, since it may
 * hold scripts (T13).
 * @param filename a name for people, which may hold anything
 */
export function contentDisposition(filename: string, contentType: string): string {
  const type = contentType === 'image/svg+xml' ? 'attachment' : 'inline';
  const name = savedName(filename, contentType);
  return `${type}; filename="${fallback(name)}"; filename*=UTF-8''${encode(name)}`;
}

/**
 * The name of a file that any system can hold and that says what is in it: without separators of paths, and without characters that
 * are not seen or make others stand elsewhere (`gpj.exe` in reverse). An extension of another format gives way, any other
 * text after a dot is part of the name.
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

/** Control characters, halves of characters (RFC 8187 is about whole ones), line separators, and what changes the direction of text (Unicode, UAX #9), also the byte order mark. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** As much of it as fits, without half a character. */
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

/** For what does not read `filename*`: ASCII, and nothing that some decode (`%`) or that would end it (RFC 6266, appendix D). */
function fallback(name: string): string {
  return name.replace(/[^\x20-\x7e]|["\\%]/gu, '_');
}

/** RFC 8187, 3.2.1: `encodeURIComponent` leaves a few characters that are none of `attr-char`. */
function encode(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
