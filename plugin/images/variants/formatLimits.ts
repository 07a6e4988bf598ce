import type { VariantExtension, VariantSpec } from '../../cache/index.ts';
import { boxSize } from './boxSize.ts';

/** Pixels each way that a format can hold (WebP: RFC 9649, 2.7; JPEG: T.81, B.2.2), or that sharp writes (AVIF). */
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

/** How large a variant gets: one frame of it. */
export function variantSize(spec: VariantSpec, picture: Size): Size {
  const { width = Infinity, height = Infinity } = boxSize(spec, picture);
  if (spec.fit !== 'inside') return { width, height };
  const scale = Math.min(1, width / picture.width, height / picture.height);
  return { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) };
}

export function canHold(extension: VariantExtension, { width, height }: Size): boolean {
  return Math.max(width, height) <= LIMITS[extension];
}

/** In words, for a refusal. */
export function describeLimit(extension: VariantExtension, { width, height }: Size): string {
  return `The image would be ${width} × ${height} pixels, and ${extension.toUpperCase()} holds ${LIMITS[extension]} each way.`;
}
