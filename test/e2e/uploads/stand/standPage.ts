import type { BrowserContext, Page } from 'playwright-core';
import type { Row } from './page/main.ts';
import type { TestPicture } from './pictures.ts';

/** The stand's page in a tab, as a test drives it. */
export interface StandPage {
  readonly page: Page;
  /** What the page has called saved, by name. */
  readonly saved: Set<string>;
  /** Everything that the page has said on its console. */
  readonly said: string[];
  /** Starts to save, and does not wait. */
  beginSaving(pictures: readonly TestPicture[]): void;
  /** Resolves when all of them are saved. */
  save(...pictures: readonly TestPicture[]): Promise<void>;
  /** What is shown; the newest first. Empty while the page is being loaded. */
  rows(): Promise<Row[]>;
  /** `filename status`, sorted. */
  statuses(): Promise<string[]>;
}

/** @param query see page/breakParts.ts, and `transport` */
export async function openStandPage(
  context: BrowserContext,
  origin: string,
  query: Record<string, string> = {},
): Promise<StandPage> {
  const page = await context.newPage();
  const saved = new Set<string>();
  const said: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    said.push(text);
    if (text.startsWith('saved ')) saved.add(text.slice('saved '.length));
  });
  page.on('pageerror', (error) => said.push(String(error)));
  await page.goto(`${origin}/?${new URLSearchParams(query).toString()}`);
  await page.waitForFunction(() => 'stand' in window);

  const begin = (pictures: readonly TestPicture[]): Promise<void> =>
    page.evaluate(
      (list) => window.stand.save(list),
      pictures.map(({ name, base64 }) => ({ name, base64 })),
    );
  // A page that is just being loaded has nothing to show.
  const rows = (): Promise<Row[]> => page.evaluate(() => window.stand.rows()).catch(() => []);
  return {
    page,
    saved,
    said,
    beginSaving: (pictures) => void begin(pictures).catch(() => {}),
    save: (...pictures) => begin(pictures),
    rows,
    statuses: async () => (await rows()).map(({ filename, status }) => `${filename} ${status}`).toSorted(),
  };
}
