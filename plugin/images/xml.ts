/** What is known of the first element of a document. */
export interface RootElement {
  /** With its prefix, e.g. `svg:svg`. */
  name: string;
  /** The tag without `<` and name, e.g. ` width="8"/`. */
  attributes: string;
  /** Where the tag begins. */
  at: number;
}

/** Bytes as text: UTF-16 by its byte order mark, UTF-8 otherwise (what is neither gives other letters, no error). */
export function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

/**
 * The root element behind white space, declarations, comments and doctype; `undefined` when something else comes
 * first. Nothing is expanded: entities stay what they are (T40, billion laughs).
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
 * Whether the element that begins at `at` is closed. Tags are counted, not compared: enough to notice a cut.
 * @param onTag called for each tag, comment or the like; throws when they are too many
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

/** Index behind a comment, CDATA section, processing instruction or doctype; `undefined` when there is none. */
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

/** A tag to its `>`, which is not one in quotes. No character can be taken in two ways, so that the time is linear. */
const TAG = /<[^!>"'][^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>/y;

/** Index behind the `>` of a tag or doctype: not one in quotes or in a doctype's own `[…]`. */
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
