import type { ManifestEntry } from '../../protocol.ts';

/** How a picture fills the box it is made for, in the words of CSS `object-fit` and sharp. */
export type Fit = 'inside' | 'cover' | 'contain';

/** What a variant can be asked for as. */
export type VariantFormat = 'avif' | 'webp' | 'jpeg' | 'png';

/** An image of another size or format, as it is asked for. */
export interface VariantSpec {
  /** Pixels of the box; `undefined` for whatever follows from the other one. */
  width: number | undefined;
  height: number | undefined;
  fit: Fit;
  /** `undefined`: the original's. */
  format: VariantFormat | undefined;
  /** 1 to 100. */
  quality: number;
  /** The format was found by `Accept`, not asked for by name: where a variant is no smaller, the original will do. */
  negotiated: boolean;
}

/** Content types by the extension of a variant's file. */
export const VARIANT_TYPES = {
  avif: 'image/avif',
  webp: 'image/webp',
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
} as const;

export type VariantExtension = keyof typeof VARIANT_TYPES;

/** What stands for the spec in the name of a file. */
export function specName({ width, height, fit, format, quality, negotiated }: VariantSpec): string {
  const box = `${width ?? 0}x${height ?? 0}`;
  return `${box}-${fit}-${format ?? 'same'}-q${quality}${negotiated ? '-auto' : ''}`;
}

/** Without the bounds that the picture keeps anyway, so that everything larger than it is one and the same variant. */
export function withoutSlack(spec: VariantSpec, { width = Infinity, height = Infinity }: Size): VariantSpec {
  if (spec.fit !== 'inside') return spec;
  return { ...spec, width: below(spec.width, width), height: below(spec.height, height) };
}

/** Nothing would be made smaller, and the format is right. */
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
