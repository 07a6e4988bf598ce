/** The first element of a document. */
export interface RootElement {
  /** With its prefix, e.g. `svg:svg`. */
  name: string;
  /** The tag without `<` and name, e.g. ` width="8"/`. */
  attributes: string;
  /** Where the tag begins. */
  at: number;
}

/** Decodes bytes as UTF-16 if they have its byte order mark, else as UTF-8. Other encodings give wrong letters, but no error. */
export function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

/**
 * The root element after white space, declarations, comments and doctype; `undefined` if something else comes first. Entities are
 * not expanded (T40, billion laughs).
 */
export function findRoot(text: string): RootElement | undefined {
  let at = 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    const end = skipMisc(text, at);
    if (end === undefined) break;
    at = end;
  }
  if (text.charAt(at) !== '<') return undefined;
  const end = tagEnd(text, at);
  if (end === undefined) return undefined;
  const [, name, attributes] = /^<([^\s/>]+)([^]*)>$/.exec(text.slice(at, end)) ?? [];
  return name === undefined || attributes === undefined ? undefined : { name, attributes, at };
}

/**
 * Whether the element that begins at `start` is closed. Tags are only counted, not compared, which is enough to notice a cut.
 * @param onTag called for each tag, comment or the like; it may throw when there are too many
 */
export function isClosed(text: string, start: number, onTag: () => void): boolean {
  let depth = 0;
  for (let at = start; at !== -1; at = text.indexOf('<', at)) {
    onTag();
    const misc = skipMisc(text, at);
    const end = misc ?? tagEnd(text, at);
    if (end === undefined) return false;
    if (misc === undefined) depth += depthChange(text, at, end);
    if (depth === 0) return true;
    at = end;
  }
  return false;
}

function depthChange(text: string, at: number, end: number): number {
  if (text.charAt(at + 1) === '/') return -1;
  return text.charAt(end - 2) === '/' ? 0 : 1;
}

/** The index after a comment, CDATA section, processing instruction or doctype; `undefined` if there is none. */
function skipMisc(text: string, at: number): number | undefined {
  if (text.startsWith('<!--', at)) return indexBehind(text, '-->', at + 4);
  if (text.startsWith('<![CDATA[', at)) return indexBehind(text, ']]>', at + 9);
  if (text.startsWith('<?', at)) return indexBehind(text, '?>', at + 2);
  if (text.startsWith('<!', at)) return tagEnd(text, at);
  return undefined;
}

function indexBehind(text: string, mark: string, from: number): number | undefined {
  const at = text.indexOf(mark, from);
  return at === -1 ? undefined : at + mark.length;
}

/** A tag up to its `>`, but not a `>` in quotes. Each character can match in only one way, so the time is linear. */
const TAG = /<[^!>"'][^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>/y;

/** The index after the `>` of a tag or doctype, but not a `>` in quotes or in the `[…]` of a doctype. */
function tagEnd(text: string, start: number): number | undefined {
  if (text.charAt(start + 1) === '!') return doctypeEnd(text, start);
  TAG.lastIndex = start;
  return TAG.test(text) ? TAG.lastIndex : undefined;
}

function doctypeEnd(text: string, start: number): number | undefined {
  let quote = '';
  let brackets = 0;
  for (let at = start; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '[') brackets++;
    else if (char === ']') brackets--;
    else if (char === '>' && brackets <= 0) return at + 1;
  }
  return undefined;
}
