import type { VariantExtension, VariantSpec } from '../../cache/index.ts';
import { boxSize } from './boxSize.ts';

/** The most pixels each way of a format (WebP: RFC 9649, 2.7; JPEG: T.81, B.2.2), or of sharp's encoder (AVIF). */
const LIMITS: Record<VariantExtension, number> = {
  avif: 16_384,
  webp: 16_383,
  jpg: 65_535,
  png: 2 ** 31 - 1,
  gif: 65_535,
};

interface Size {
  width: number;
  height: number;
}

/** The size of one frame of a variant. */
export function variantSize(spec: VariantSpec, picture: Size): Size {
  const { width = Infinity, height = Infinity } = boxSize(spec, picture);
  if (spec.fit !== 'inside') return { width, height };
  const scale = Math.min(1, width / picture.width, height / picture.height);
  return { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) };
}

export function canHold(extension: VariantExtension, { width, height }: Size): boolean {
  return Math.max(width, height) <= LIMITS[extension];
}

/** Describes the limit in an error message. */
export function describeLimit(extension: VariantExtension, { width, height }: Size): string {
  return `The image would be ${width} × ${height} pixels, but ${extension.toUpperCase()} allows only ${LIMITS[extension]} each way.`;
}
