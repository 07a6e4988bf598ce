import { type RefObject, useLayoutEffect, useState } from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';

export interface IntrinsicSize {
  width?: number | undefined;
  height?: number | undefined;
}

const NONE: IntrinsicSize = {};
/** Rounding of boxes to whole pixels, and of ratios in CSS (`aspect-ratio: 1.5`). */
const TOLERANCE = 0.02;

/**
 * The size attributes that keep the page from jumping when the image loads. They are the weakest of styles, yet
 * attributes and a style sheet that sets one dimension only (`height: 200px`) would distort the picture: looked at
 * before the first paint, and given up when the box does not have the image's ratio.
 * @param revisit anything whose change is a reason to look again
 */
export function useIntrinsicSize(
  img: RefObject<HTMLImageElement | null>,
  entry: ManifestEntry | null | undefined,
  revisit: unknown,
): IntrinsicSize {
  const [distortedBy, setDistortedBy] = useState<ManifestEntry>();
  const given = entry?.width && entry.height && entry !== distortedBy ? entry : undefined;

  useLayoutEffect(() => {
    if (given && isDistorted(img.current, given)) setDistortedBy(given);
  }, [img, given, revisit]);

  return given ? { width: given.width, height: given.height } : NONE;
}

/** A box without a size (hidden, or no layout) distorts nothing. */
function isDistorted(img: HTMLImageElement | null, { width = 0, height = 0 }: IntrinsicSize): boolean {
  if (!img?.clientWidth || !img.clientHeight) return false;
  return Math.abs((img.clientWidth * height) / (img.clientHeight * width) - 1) > TOLERANCE;
}
