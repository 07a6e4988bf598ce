import { act, render } from '@testing-library/react';
import { vi } from 'vitest';
import { App } from '../../../components/inspector/App.tsx';
import { Announcer } from '../../../components/inspector/parts/announcer.tsx';
import { createServer } from '../../../components/inspector/server/server.ts';
import { ServerProvider } from '../../../components/inspector/server/serverContext.tsx';
import { createFakeState, fakeAnswer, type FakeState } from '../../helpers/fakeInspector/fakeApi.ts';

const VERSION = '1.0.0';

/** What jsdom does not have: sizes, and modal dialogs. */
export function stubBrowser(): void {
  vi.stubGlobal('__INSPECTOR_VERSION__', VERSION);
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1000);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  Object.assign(Element.prototype, {
    scrollTo(this: Element, { top = 0 }: ScrollToOptions) {
      this.scrollTop = top;
    },
  });
  Object.assign(HTMLDialogElement.prototype, {
    showModal(this: HTMLDialogElement) {
      this.open = true;
    },
    close(this: HTMLDialogElement) {
      this.open = false;
      this.dispatchEvent(new Event('close'));
    },
  });
  Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async () => {} } });
}

/** The page at an address, over a fake of its server. Time passes when `pass()` is called, which needs fake timers. */
export async function renderInspector(
  count: number,
  address = '#/images',
  prepare: (state: FakeState) => void = () => {},
) {
  const state = createFakeState(count, VERSION);
  prepare(state);
  location.hash = address;
  let isAway = false;
  const server = createServer('./api', async (input, init) => {
    if (isAway) throw new TypeError('Failed to fetch');
    const url = (input as string).replace('./api', '');
    const sent = typeof init?.body === 'string' ? init.body : undefined;
    const { status, type, text } = fakeAnswer(state, init?.method ?? 'GET', url, sent);
    return new Response(text, { status, headers: { 'Content-Type': type } });
  });
  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
  const view = render(
    <ServerProvider server={server}>
      <Announcer>
        <App />
      </Announcer>
    </ServerProvider>,
  );
  await pass(50);
  return {
    ...view,
    state,
    pass,
    calls: (name: string) => state.calls.filter((call) => call.includes(name)),
    leave: (away: boolean) => void (isAway = away),
  };
}
