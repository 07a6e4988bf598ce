import type { Tab } from './browser.ts';

/** Tabs that are used again: a browser that has an app's modules already opens its page in half of the time. */
export class TabPool {
  readonly #open: () => Promise<Tab>;
  readonly #idle: Tab[] = [];

  constructor(open: () => Promise<Tab>) {
    this.#open = open;
  }

  /** Takes a tab that shows another page, or none. */
  async take(): Promise<Tab> {
    return this.#idle.pop() ?? this.#open();
  }

  /** For the next one, unless something was set in it that would stay. */
  async giveBack(tab: Tab, state: 'as it was' | 'changed'): Promise<void> {
    if (state === 'changed') await tab.close();
    else this.#idle.push(tab);
  }
}
