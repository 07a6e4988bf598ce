import { S3Error } from './errors.ts';

/** The content of an element: text, elements by name (an array repeats the name), or `undefined` (the element is left out). */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlContent[]
  | { readonly [name: string]: XmlContent };

/** An element of a parsed document. Attributes are dropped: no S3 request body needs one. */
export interface XmlElement {
  name: string;
  children: XmlElement[];
  text: string;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const MAX_DEPTH = 8;
// A prolog or comment, a tag, or the text up to the next tag.
const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z][\w:.-]*)([^<>]*?)(\/?)>|([^<]+)/y;

/** Writes a document in S3's namespace. Only errors have no namespace: see {@link toErrorXml}. */
export function toXml(name: string, content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${inner(content)}</${name}>`;
}

/** The document of an error. */
export function toErrorXml(error: S3Error, requestId: string): string {
  const content = { Code: error.code, Message: error.message, ...error.fields, RequestId: requestId, HostId: 'local' };
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner(content)}</Error>`;
}

/**
 * The root element of a request body. Doctypes, and with them entity bombs, are refused.
 * @throws S3Error MalformedXML
 */
export function parseXml(document: string, rootName: string): XmlElement {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open = [top];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(document); match; match = TOKEN.exec(document)) {
    end = TOKEN.lastIndex;
    const [, closing, qualifiedName, , selfClosing, text] = match;
    const parent = open.at(-1) ?? top;
    if (text !== undefined) parent.text += unescape(text);
    if (qualifiedName === undefined) continue;

    const name = qualifiedName.slice(qualifiedName.indexOf(':') + 1);
    if (closing) {
      if (parent === top || open.pop()?.name !== name) throw new S3Error('MalformedXML');
      continue;
    }
    const element: XmlElement = { name, children: [], text: '' };
    parent.children.push(element);
    if (!selfClosing) open.push(element);
    if (open.length > MAX_DEPTH) throw new S3Error('MalformedXML');
  }
  const [root] = top.children;
  const whole = end === document.length && open.length === 1 && top.children.length === 1 && top.text.trim() === '';
  if (!whole || root?.name !== rootName) throw new S3Error('MalformedXML');
  return root;
}

/** All children with that name. */
export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first child with that name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function inner(content: XmlContent): string {
  if (content === undefined) return '';
  if (typeof content !== 'object') return escape(String(content));
  return Object.entries(content)
    .flatMap(([name, value]) => (isList(value) ? value.map((item) => [name, item] as const) : [[name, value] as const]))
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${inner(value)}</${name}>`))
    .join('');
}

// Array.isArray does not narrow a readonly array.
function isList(content: XmlContent): content is readonly XmlContent[] {
  return Array.isArray(content);
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function escape(text: string): string {
  // Control characters are allowed in keys. Like S3, we write them as references, although XML 1.0 parsers may refuse these.
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[<>&"\u0000-\u001f]/g, (char) => {
    const name = Object.keys(ENTITIES).find((entity) => ENTITIES[entity] === char);
    return name ? `&${name};` : `&#x${char.charCodeAt(0).toString(16)};`;
  });
}

function unescape(text: string): string {
  return text.replace(/&([^;&\s]*)(;?)/g, (_, name: string, semicolon: string) => {
    const codePoint = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const value = codePoint ? Number.parseInt(codePoint[1] ?? codePoint[2] ?? '', codePoint[1] ? 16 : 10) : undefined;
    const char = value === undefined ? ENTITIES[name] : value <= 0x10ffff ? String.fromCodePoint(value) : undefined;
    if (char === undefined || semicolon === '') throw new S3Error('MalformedXML');
    return char;
  });
}
