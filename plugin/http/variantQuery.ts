import type { Fit, VariantSpec } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { VARIANT_FORMATS } from '../formats.ts';
import type { ResolvedImages } from '../options.ts';

/** The parameters of `GET /image` for variants, each with the error code for a wrong value. */
export const VARIANT_PARAMETERS = {
  w: 'INVALID_VARIANT',
  h: 'INVALID_VARIANT',
  fit: 'INVALID_VARIANT',
  format: 'INVALID_VARIANT',
  q: 'INVALID_VARIANT',
} as const;

export type VariantQuery = Partial<Record<keyof typeof VARIANT_PARAMETERS, string>>;

const FITS: readonly Fit[] = ['inside', 'cover', 'contain'];
/** Ten qualities and the configured one are enough; with a hundred, a client could fill the disk. */
const QUALITY_STEP = 10;

/**
 * The variant that a request asks for; `undefined` if it asks for the original. Sizes are rounded up to the next configured one (or
 * down to the largest), so that a page gets no less than it wants, and the disk holds only configured sizes.
 * @throws ImageCacheError INVALID_VARIANT
 */
export function parseVariant(
  query: VariantQuery,
  accept: string | undefined,
  { widths, formats, quality }: ResolvedImages,
): VariantSpec | undefined {
  const { w, h, fit, format = 'auto', q } = query;
  if (Object.keys(VARIANT_PARAMETERS).every((name) => query[name as keyof VariantQuery] === undefined))
    return undefined;
  const negotiated = format === 'auto';
  const box = { width: parseExtent('w', w, widths), height: parseExtent('h', h, widths) };
  const isBox = box.width !== undefined && box.height !== undefined;
  const wantedFit = parseOneOf('fit', fit ?? 'inside', FITS);
  return {
    ...box,
    fit: isBox ? wantedFit : 'inside', // one side decides the other
    format: negotiated ? formats.find((it) => accepts(accept, it)) : parseOneOf('format', format, VARIANT_FORMATS),
    quality: q === undefined ? quality : parseQuality(q, quality),
    negotiated,
  };
}

function parseExtent(name: 'w' | 'h', text: string | undefined, widths: readonly number[]): number | undefined {
  if (text === undefined) return undefined;
  const pixels = parseNumber(name, text, 'a whole number of pixels');
  return widths.find((width) => width >= pixels) ?? widths.at(-1);
}

function parseQuality(text: string, configured: number): number {
  const quality = parseNumber('q', text, 'a whole number from 1 to 100');
  if (quality > 100) throw invalid('q', 'a whole number from 1 to 100');
  return quality === configured ? quality : Math.max(QUALITY_STEP, Math.round(quality / QUALITY_STEP) * QUALITY_STEP);
}

function parseNumber(name: string, text: string, expected: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw invalid(name, expected);
  return Number(text);
}

function parseOneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((it) => it === text);
  if (value === undefined) throw invalid(name, values.join(', ') + (name === 'format' ? ' or auto' : ''));
  return value;
}

/**
 * Whether `Accept` names the format, and not with `q=0` (RFC 9110, 12.5.1). `*\/*` does not count: every browser sends it, whatever
 * it can show.
 */
function accepts(accept = '', format: string): boolean {
  return accept.split(',').some((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return type === `image/${format}` && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

function invalid(name: string, expected: string): ImageCacheError {
  return new ImageCacheError('INVALID_VARIANT', `The parameter \`${name}\` must be ${expected}.`, {
    hint: 'Write e.g. `&w=640&format=auto`, or `&w=256&h=256&fit=cover&format=webp&q=80`.',
  });
}
