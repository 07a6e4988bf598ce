/**
 * The script of the marks for pages that import nothing of ours: the plugin adds it to them, and Vite DevTools import it. The build makes one
 * file of it, which lies beside the page of the inspector.
 */
import { type OriginsOptions, showOrigins, switchOrigins } from './showOrigins.ts';

const { searchParams } = new URL(import.meta.url);
const { base, imageBase } = Object.fromEntries(searchParams);
const options: OriginsOptions = { base, imageBase, inspector: new URL('.', import.meta.url).href };

if (searchParams.has('show')) showOrigins(options);

/** The little that is used of what Vite DevTools hand to the script of a dock. */
interface DockContext {
  current?: { events?: { on?(event: string, listener: () => void): unknown } };
}

let isFollowing = false;

/**
 * Called by Vite DevTools when the dock is switched on: once or each time, before the event that says so or instead of it. That depends on
 * their release.
 */
export default function followDock({ current }: DockContext = {}): void {
  switchOrigins(options, true);
  if (isFollowing) return;
  isFollowing = true;
  current?.events?.on?.('entry:activated', () => switchOrigins(options, true));
  current?.events?.on?.('entry:deactivated', () => switchOrigins(options, false));
}
