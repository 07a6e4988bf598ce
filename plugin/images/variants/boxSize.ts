import type { VariantSpec } from '../../cache/index.ts';

interface Size {
  width: number;
  height: number;
}

/**
 * The box a picture is fitted into, in its own proportions but never so large that the picture had to grow: what a
 * browser enlarges looks the same, and costs less.
 */
export function boxSize({ width, height, fit }: VariantSpec, picture: Size): Partial<Size> {
  if (width === undefined || height === undefined || fit === 'inside') {
    return { ...(width !== undefined && { width }), ...(height !== undefined && { height }) };
  }
  const ratios = [picture.width / width, picture.height / height];
  // `cover` must be filled in both directions, `contain` is in one.
  const scale = Math.min(1, fit === 'cover' ? Math.min(...ratios) : Math.max(...ratios));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
