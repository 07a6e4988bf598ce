import type { Box } from './visibleBox.ts';
import { STYLE } from './style.ts';

/** What a mark on a picture says. */
export interface Mark {
  /** Chooses the colour. */
  readonly from: string;
  readonly letter: string;
  readonly text: string;
  /** Where it leads; `undefined` if there is no inspector. */
  readonly href: string | undefined;
  readonly isSimulated: boolean | undefined;
  readonly box: Box;
}

export interface Layer {
  /** Shows a mark on each of these images, in this order, and no others. */
  show(marks: ReadonlyMap<HTMLImageElement, Mark>): void;
  remove(): void;
}

/**
 * Creates the layer over the page that holds the marks. It is fixed and in a shadow root, so that neither changes the look or the layout of
 * the other, and its style sheet is adopted, which every content security policy allows. The events of marks stay
 * with them, so that no router or menu of the page acts on a click on a mark.
 */
export function createLayer(): Layer {
  const host = document.createElement('image-cache-origins');
  const shadow = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  const marks = document.createElement('section');
  marks.ariaLabel = 'Origins of pictures';
  for (const type of ['click', 'mousedown', 'pointerdown', 'keydown']) {
    marks.addEventListener(type, (event) => event.stopPropagation());
  }
  shadow.append(marks);
  document.documentElement.append(host);

  const shown = new Map<HTMLImageElement, HTMLAnchorElement>();
  let over: Element | null = null;

  /** A modal dialog, or what fills the screen, lies over everything else, unless that comes to the top after it. Limit: it makes the marks deaf to the pointer. */
  function comeToTop(): void {
    const modal = document.querySelector(':modal');
    if (modal === over || !('showPopover' in host)) return;
    over = modal;
    host.popover = 'manual';
    if (host.matches(':popover-open')) host.hidePopover();
    if (modal) host.showPopover();
  }

  return {
    show(wanted) {
      if (wanted.size > 0) comeToTop();
      for (const [img, element] of shown) {
        if (wanted.has(img)) continue;
        element.remove();
        shown.delete(img);
      }
      // From the last one, so that each is put before one that is in its place: an element that is moved would lose the focus.
      let next: Element | null = null;
      for (const [img, mark] of [...wanted].toReversed()) {
        const element: HTMLAnchorElement = shown.get(img) ?? document.createElement('a');
        shown.set(img, element);
        dress(element, mark);
        if (element.nextElementSibling !== next || !element.parentNode) marks.insertBefore(element, next);
        next = element;
      }
    },
    remove: () => host.remove(),
  };
}

function dress(element: HTMLAnchorElement, { from, letter, text, href, isSimulated, box }: Mark): void {
  if (element.textContent !== letter + text) {
    const tooltip = document.createElement('span');
    tooltip.textContent = text;
    element.replaceChildren(letter, tooltip);
  }
  // The text goes to where there is room.
  const isLeft = box.left > document.documentElement.clientWidth / 2;
  element.className = [from, isLeft && 'left', isSimulated && 'simulated'].filter(Boolean).join(' ');
  element.style.transform = `translate(${Math.round(box.left)}px,${Math.round(box.top)}px)`;
  if (href !== undefined) Object.assign(element, { href, target: '_blank' });
}
