/**
 * Characters that are not to be seen, or that change what is seen around them: controls (NUL, ANSI's escape), directions of writing, and
 * separators of lines.
 */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const UNSEEN = /[\u0000-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/g;

/**
 * Text of others, for the page: names, keys and actors may contain anything. Each character that would not be seen becomes one that is,
 * and of a long text the middle is left out.
 */
export function printable(text: string, maxLength = 300): string {
  const seen = text.replace(UNSEEN, '\u2423');
  if (seen.length <= maxLength) return seen;
  const half = Math.floor(maxLength / 2);
  return `${seen.slice(0, half)}…${seen.slice(-half)}`;
}

/** A name in two parts, of which the second is always shown: names often begin alike, and differ at their end. */
export function splitName(name: string, tail = 12): readonly [string, string] {
  const text = printable(name);
  const characters = Array.from(text); // does not cut a pair of surrogates
  if (characters.length <= tail * 2) return [text, ''];
  return [characters.slice(0, -tail).join(''), characters.slice(-tail).join('')];
}
