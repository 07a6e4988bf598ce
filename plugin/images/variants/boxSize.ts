import type { VariantSpec } from '../../cache/index.ts';

interface Size {
  width: number;
  height: number;
}

/**
 * The box that a picture is fitted into. The box keeps its proportions, but is never so large that the picture would have to be
 * enlarged: a browser can enlarge it with the same result, and needs fewer bytes.
 */
export function boxSize({ width, height, fit }: VariantSpec, picture: Size): Partial<Size> {
  if (width === undefined || height === undefined || fit === 'inside') {
    return { ...(width !== undefined && { width }), ...(height !== undefined && { height }) };
  }
  const ratios = [picture.width / width, picture.height / height];
  // The picture must fill the box in both directions for `cover`, and in one for `contain`.
  const scale = Math.min(1, fit === 'cover' ? Math.min(...ratios) : Math.max(...ratios));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
