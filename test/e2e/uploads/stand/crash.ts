import type { StandPage } from './standPage.ts';

/** The tab dies as when its memory is used up; its browser lives. */
export async function crash({ page }: StandPage): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => {}); // it cannot answer any more
  await crashed;
  await page.close();
}
