import { thumbHashToDataURL } from '../../client/thumbHash.ts';

const MAX_KEPT = 500;
const kept = new Map<string, string | undefined>();

/** A thumbhash as the address of a picture; `undefined` for one that cannot be read. The last ones are kept, as drawing one takes time. */
export function placeholderUrl(placeholder: string): string | undefined {
  if (kept.has(placeholder)) return kept.get(placeholder);
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? '');
  const url = draw(placeholder);
  kept.set(placeholder, url);
  return url;
}

function draw(placeholder: string): string | undefined {
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
