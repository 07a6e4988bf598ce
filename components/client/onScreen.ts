/** Whether an element is rendered and partly inside the viewport. Limit: an element that an inner scroller hides counts as inside. */
export function isOnScreen(element: Element): boolean {
  return distanceFromScreen(element) === 0;
}

/** The distance of an element from the viewport, in pixels: 0 inside of it, infinite if the element is not rendered. */
export function distanceFromScreen(element: Element): number {
  // An element in a closed `<details>` or a hidden tab panel is not rendered. Safari before 17.4 does not tell so, and reports it at the
  // corner of the page.
  if (!(element.checkVisibility?.() ?? true)) return Number.POSITIVE_INFINITY;
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom) + Math.max(0, left - innerWidth, -right);
}
