/** A place in the viewport, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Two boxes are the same if their texts are. */
export function textOf({ left, top, right, bottom }: Box): string {
  return [left, top, right, bottom].join();
}

/** The smallest side of a picture, in pixels, that has room for a mark. */
const MIN_SIDE = 16;

/**
 * The part of an image that can be seen: inside the viewport and all that clips it. Limit: what lies over the image is not looked for, since
 * captions and links lie over many.
 * @param clips what clips it; see {@link clipsOf}
 * @returns `undefined` if nothing of it is seen, or too little
 */
export function visibleBox(img: HTMLImageElement, clips: readonly Element[]): Box | undefined {
  const isShown = img.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) ?? true;
  if (!isShown) return undefined;
  const { clientWidth, clientHeight } = document.documentElement;
  let box: Box = { left: 0, top: 0, right: clientWidth, bottom: clientHeight };
  for (const element of [img, ...clips]) {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    box = {
      left: Math.max(box.left, left),
      top: Math.max(box.top, top),
      right: Math.min(box.right, right),
      bottom: Math.min(box.bottom, bottom),
    };
  }
  return box.right - box.left < MIN_SIDE || box.bottom - box.top < MIN_SIDE ? undefined : box;
}

/**
 * The ancestors that show only what is inside of them, such as scrollers. Limit: it is not noticed when one becomes so while the image is in
 * the viewport.
 */
export function clipsOf(img: HTMLImageElement): Element[] {
  const clips: Element[] = [];
  // What the body and the page do not show is outside of the viewport.
  for (let each = img.parentElement; each && each !== document.body; each = each.parentElement) {
    if (getComputedStyle(each).overflow !== 'visible') clips.push(each);
  }
  return clips;
}
