import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';
import { decodeXml, findRoot, isClosed, type RootElement } from './xml.ts';

/** The root element must begin before this byte, so that a large text that is not an SVG need not be decoded. */
const PROLOG_LIMIT = 65_536;
/** The most bytes that are read to their end. Reading text is slow, and blocks the event loop. */
const TEXT_LIMIT = 8_000_000;
/** Units of work, see `byteReader.ts`. */
const UNITS_PER_TAG = 4;

/** Whether the root element of an XML document is `svg`. The rest of the text does not matter. */
export function isSvg(bytes: Uint8Array): boolean {
  const start = decodeXml(bytes.subarray(0, PROLOG_LIMIT));
  return isSvgRoot(findRoot(start));
}

function isSvgRoot(root: RootElement | undefined): root is RootElement {
  return root !== undefined && /^(?:[A-Za-z_][\w.-]*:)?svg$/.test(root.name);
}

/**
 * Checks that the root element is closed. The size is `width` and `height` in pixels. If one of them is missing, or has another
 * unit, the size depends on the place where the picture is shown, so there is none.
 */
export function walkSvg(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'SVG');
  facts.contentType = 'image/svg+xml';
  const root = findRoot(decodeXml(bytes.subarray(0, PROLOG_LIMIT)));
  if (!isSvgRoot(root)) throw reader.truncated();
  facts.width = pixels(attribute(root, 'width'));
  facts.height = pixels(attribute(root, 'height'));
  facts.isRecognized = true;
  if (bytes.length > TEXT_LIMIT) throw reader.damaged('it is too long to be read to its end');
  const onTag = () => reader.spend(UNITS_PER_TAG);
  if (!isClosed(decodeXml(bytes), root.at, onTag)) throw reader.truncated();
}

/** One attribute. They are read one after the other, because a value may look like another attribute. */
const ATTRIBUTE = /\s+([^\s=>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

function attribute({ attributes }: RootElement, name: string): string | undefined {
  ATTRIBUTE.lastIndex = 0;
  for (let match = ATTRIBUTE.exec(attributes); match !== null; match = ATTRIBUTE.exec(attributes)) {
    const [, found, double, single] = match;
    if (found === name) return double ?? single;
  }
  return undefined;
}

/** The length in whole pixels, at least one. */
function pixels(length: string | undefined): number | undefined {
  const [, amount] = /^\s*\+?(\d{1,9}(?:\.\d{1,9})?)(?:px)?\s*$/i.exec(length ?? '') ?? [];
  const value = Math.round(Number(amount ?? 0));
  return value > 0 ? value : undefined;
}
