// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { showOrigins } from '../../../components/overlay/index.ts';

/** Every observer that was made, and whether it still observes. */
let observing: Set<object>;

/** jsdom has no layout, and so none of these. What they see is shown by the test in a real browser. */
class FakeObserver {
  observe(): void {
    observing.add(this);
  }
  disconnect(): void {
    observing.delete(this);
  }
  takeRecords(): never[] {
    return [];
  }
}

const host = () => document.querySelector('image-cache-origins');
const press = (init: KeyboardEventInit) => {
  const event = new KeyboardEvent('keydown', { code: 'KeyI', cancelable: true, ...init });
  window.dispatchEvent(event);
  return event;
};
const SHORTCUT = { altKey: true, shiftKey: true };

function hide(isHidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(isHidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

let end = (): void => {};
beforeEach(() => {
  observing = new Set();
  for (const name of ['PerformanceObserver', 'IntersectionObserver', 'MutationObserver']) {
    vi.stubGlobal(name, FakeObserver);
  }
  vi.stubGlobal(
    'CSSStyleSheet',
    class {
      replaceSync(): void {}
    },
  );
});
afterEach(() => {
  end();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('shows one layer, whoever asks for it how often, and ends completely', () => {
  end = showOrigins();
  expect(showOrigins()).toBe(end);
  expect(document.querySelectorAll('image-cache-origins')).toHaveLength(1);
  end();
  expect(host()).toBeNull();
  expect(observing.size).toBe(0);
  expect(press(SHORTCUT).defaultPrevented, 'the shortcut is of nobody').toBe(false);
  hide(false);
  expect([host(), observing.size]).toEqual([null, 0]);
  end = showOrigins();
  expect(host()).not.toBeNull();
});

it('Alt+Shift+I switches the marks off and on, and no other key does', () => {
  end = showOrigins();
  expect(press(SHORTCUT).defaultPrevented).toBe(true);
  expect(host()).toBeNull();
  press(SHORTCUT);
  expect(host()).not.toBeNull();
  for (const init of [{}, { altKey: true }, { ...SHORTCUT, ctrlKey: true }, { ...SHORTCUT, code: 'KeyO' }]) {
    expect(press(init).defaultPrevented).toBe(false);
  }
  expect(host()).not.toBeNull();
});

it('does nothing while the page is hidden but note what was loaded', () => {
  const frames = vi.spyOn(window, 'requestAnimationFrame');
  end = showOrigins();
  hide(true);
  expect(observing.size).toBe(1);
  frames.mockClear();
  window.dispatchEvent(new Event('scroll'));
  expect(frames).not.toHaveBeenCalled();
  hide(false);
  expect(frames).toHaveBeenCalledOnce();
});

it.each([
  ['once, before the event', () => {}],
  ['at each click, after the event', (followDock: () => void) => followDock()],
])('I12: a dock of Vite DevTools whose script is called %s switches the marks on and off', async (_, callAgain) => {
  vi.resetModules();
  const { default: followDock } = await import('../../../components/overlay/script.ts');
  expect(host(), 'it waits to be called').toBeNull();
  const listeners: Record<string, (() => void)[]> = {};
  const on = (event: string, listener: () => void) => (listeners[event] ??= []).push(listener);
  const emit = (event: string) => listeners[event]?.forEach((listener) => listener());
  const call = () => followDock({ current: { events: { on } } });
  call();
  emit('entry:activated');
  expect(document.querySelectorAll('image-cache-origins')).toHaveLength(1);
  emit('entry:deactivated');
  expect(host()).toBeNull();
  emit('entry:activated');
  callAgain(call);
  expect(document.querySelectorAll('image-cache-origins')).toHaveLength(1);
  end = showOrigins(); // the same marks, whichever copy of the module has made them
  end();
  expect(host()).toBeNull();
});

it('does nothing on a server', () => {
  vi.stubGlobal('document', undefined);
  expect(() => showOrigins()()).not.toThrow();
});
