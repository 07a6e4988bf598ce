import type { Tab } from './browser.ts';

/** Tabs that are used again: a browser that has an app's modules already opens its page in half of the time. */
export class TabPool {
  readonly #open: () => Promise<Tab>;
  readonly #all = new Set<Tab>();
  readonly #idle: Tab[] = [];

  constructor(open: () => Promise<Tab>) {
    this.#open = open;
  }

  /** Takes a tab that shows another page, or none. */
  async take(): Promise<Tab> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const tab = await this.#open();
    this.#all.add(tab);
    return tab;
  }

  /** For the next one, unless something was set in it that would stay, or went wrong. */
  async giveBack(tab: Tab, state: 'as it was' | 'changed'): Promise<void> {
    if (state === 'as it was') return void this.#idle.push(tab);
    this.#all.delete(tab);
    await tab.close();
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#all, (tab) => tab.close()));
  }
}
