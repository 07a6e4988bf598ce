import { type RefObject, useLayoutEffect, useState } from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';

export interface IntrinsicSize {
  width?: number;
  height?: number;
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
  const width = entry?.width;
  const height = entry?.height;
  const [distortedBy, setDistortedBy] = useState<ManifestEntry>();
  const given = entry && entry !== distortedBy && width && height ? entry : undefined;

  useLayoutEffect(() => {
    if (given && width && height && isDistorted(img.current, width / height)) setDistortedBy(given);
  }, [img, given, width, height, revisit]);

  return given && width && height ? { width, height } : NONE;
}

/** A box without a size (hidden, or no layout) distorts nothing. */
function isDistorted(img: HTMLImageElement | null, ratio: number): boolean {
  if (!img?.clientWidth || !img.clientHeight) return false;
  return Math.abs(img.clientWidth / img.clientHeight / ratio - 1) > TOLERANCE;
}
