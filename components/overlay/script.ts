/**
 * The script of the marks for pages that import nothing of ours: the plugin adds it to them, and Vite DevTools import it. The build makes one
 * file of it, which lies beside the page of the inspector.
 */
import { type OriginsOptions, showOrigins, toggleOrigins } from './showOrigins.ts';

const { searchParams } = new URL(import.meta.url);
const { base, imageBase } = Object.fromEntries(searchParams);
const options: OriginsOptions = { base, imageBase, inspector: new URL('.', import.meta.url).href };

if (searchParams.has('show')) showOrigins(options);

/** Called by Vite DevTools at each click on the dock. */
export default function handleClick(): void {
  toggleOrigins(options);
}
