import { ByteReader } from './byteReader.ts';
import type { ImageInfo } from './imageInfo.ts';
import { decodeXml, findRoot, isClosed, type RootElement } from './xml.ts';

/** Where the root element must begin, so that a large text which is no SVG need not be decoded. */
const PROLOG_LIMIT = 65_536;

/** Whether the root element of an XML document is `svg`; what else the text mentions plays no part. */
export function isSvg(bytes: Uint8Array): boolean {
  const start = decodeXml(bytes.subarray(0, PROLOG_LIMIT));
  return isSvgRoot(findRoot(start));
}

function isSvgRoot(root: RootElement | undefined): root is RootElement {
  return root !== undefined && /^(?:[A-Za-z_][\w.-]*:)?svg$/.test(root.name);
}

/** The root element must be closed. The size is that of `width` and `height` in pixels, or else of the `viewBox`. */
export function inspectSvg(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'SVG');
  const text = decodeXml(bytes);
  const root = findRoot(text);
  if (!isSvgRoot(root) || !isClosed(text, root.at)) throw reader.truncated();
  return { contentType: 'image/svg+xml', extension: 'svg', ...readSize(root) };
}

function readSize(root: RootElement): { width?: number; height?: number } {
  const width = pixels(attribute(root, 'width'));
  const height = pixels(attribute(root, 'height'));
  if (width !== undefined && height !== undefined) return { width, height };
  const [, , boxWidth, boxHeight] = (attribute(root, 'viewBox') ?? '').trim().split(/[\s,]+/);
  return boxSize(pixels(boxWidth), pixels(boxHeight));
}

function boxSize(width: number | undefined, height: number | undefined): { width?: number; height?: number } {
  return width === undefined || height === undefined ? {} : { width, height };
}

function attribute(root: RootElement, name: string): string | undefined {
  const [, double, single] = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(root.attributes) ?? [];
  return double ?? single;
}

/** Whole pixels, at least one; other units depend on where the picture is shown. */
function pixels(length: string | undefined): number | undefined {
  const [, amount] = /^\s*(\d{1,9}(?:\.\d{1,9})?)(?:px)?\s*$/.exec(length ?? '') ?? [];
  const value = Math.round(Number(amount ?? 0));
  return value > 0 ? value : undefined;
}
