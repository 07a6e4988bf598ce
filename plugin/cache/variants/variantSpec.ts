import type { ContentType, VARIANT_FORMATS } from '../../formats.ts';
import type { ManifestEntry } from '../../protocol.ts';

/** How a picture fills the box for which it is made, in the words of CSS `object-fit` and sharp. */
export type Fit = 'inside' | 'cover' | 'contain';

/** The formats in which a variant can be requested. */
type VariantFormat = (typeof VARIANT_FORMATS)[number];

/** The size and format in which an image is requested. */
export interface VariantSpec {
  /** Width of the box in pixels; `undefined` if it follows from the height. */
  width: number | undefined;
  height: number | undefined;
  fit: Fit;
  /** `undefined`: the format of the original. */
  format: VariantFormat | undefined;
  /** 1 to 100. */
  quality: number;
  /** True if the format was chosen by `Accept`, not requested by name: then the original will do if a variant is no smaller. */
  negotiated: boolean;
}

/** Content types by the extension of a variant's file. */
export const VARIANT_TYPES = {
  avif: 'image/avif',
  webp: 'image/webp',
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
} as const satisfies Record<string, ContentType>;

export type VariantExtension = keyof typeof VARIANT_TYPES;

/** The part of a file name that stands for the spec. */
export function specName({ width, height, fit, format, quality, negotiated }: VariantSpec): string {
  const box = `${width ?? 0}x${height ?? 0}`;
  return `${box}-${fit}-${format ?? 'same'}-q${quality}${negotiated ? '-auto' : ''}`;
}

/** Removes bounds that the picture does not exceed, so that all larger boxes share one variant. */
export function withoutSlack(spec: VariantSpec, { width = Infinity, height = Infinity }: Size): VariantSpec {
  if (spec.fit !== 'inside') return spec;
  return { ...spec, width: below(spec.width, width), height: below(spec.height, height) };
}

/** True if nothing would be made smaller, and the format is right. */
export function isOriginal(spec: VariantSpec, { content_type }: Pick<ManifestEntry, 'content_type'>): boolean {
  if (spec.width !== undefined || spec.height !== undefined) return false;
  return spec.format === undefined || content_type === `image/${spec.format}`;
}

interface Size {
  width?: number;
  height?: number;
}

function below(bound: number | undefined, extent: number): number | undefined {
  return bound === undefined || bound >= extent ? undefined : bound;
}
