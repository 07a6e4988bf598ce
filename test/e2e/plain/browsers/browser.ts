import type { TabPool } from './tabPool.ts';

/** What a scene needs of a browser, whichever way it is driven. */
export interface SceneBrowser {
  readonly name: 'chromium' | 'firefox' | 'webkit';
  /** What it can do besides. */
  readonly can: readonly Capability[];
  readonly tabs: TabPool;
  close(): Promise<void>;
}

type Capability = 'offline' | 'media';

export interface Tab {
  /** Loads a page, until its scripts have run. */
  open(url: string): Promise<void>;
  /** @returns what an expression of the page comes to, a promise or not, as JSON */
  evaluate(expression: string): Promise<unknown>;
  /** Of the viewport, in pixels. */
  resize(width: number, height: number): Promise<void>;
  /** The viewport as a PNG. */
  screenshot(): Promise<Buffer>;
  setOffline(isOffline: boolean): Promise<void>;
  emulateMedia(features: MediaFeatures): Promise<void>;
  close(): Promise<void>;
}

interface MediaFeatures {
  media?: 'print' | 'screen';
  colorScheme?: 'dark' | 'light';
  reducedMotion?: 'reduce' | 'no-preference';
}
