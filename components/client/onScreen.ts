/** Whether the browser renders an element at all: what is in a closed `<details>` or a hidden tab is not. */
function isRendered(element: Element): boolean {
  // Safari has it since 17.4. Before, what is not rendered is taken to be at the page's corner.
  return element.checkVisibility?.() ?? true;
}

/** Whether an element is rendered, and some of it is inside the viewport. Limit: what an inner scroller clips counts as inside. */
export function isOnScreen(element: Element): boolean {
  return distanceFromScreen(element) === 0;
}

/** How far an element is from the viewport, in pixels; 0 inside, infinite when it is not rendered. */
export function distanceFromScreen(element: Element): number {
  if (!isRendered(element)) return Number.POSITIVE_INFINITY;
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom) + Math.max(0, left - innerWidth, -right);
}
