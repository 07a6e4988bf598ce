/** Whether an element is rendered, and some of it is inside the viewport. Limit: an element that an inner scroller clips counts as inside. */
export function isOnScreen(element: Element): boolean {
  return distanceFromScreen(element) === 0;
}

/** How far an element is from the viewport, in pixels; 0 inside, infinite when it is not rendered. */
export function distanceFromScreen(element: Element): number {
  // An element in a closed `<details>` or a hidden tab is not rendered. Safari before 17.4 does not say so, and takes it to be at the
  // page's corner.
  if (!(element.checkVisibility?.() ?? true)) return Number.POSITIVE_INFINITY;
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom) + Math.max(0, left - innerWidth, -right);
}
