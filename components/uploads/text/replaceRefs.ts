import { changeRefs } from './imageRefs.ts';

/**
 * Replaces references by URLs, e.g. in the Markdown or HTML of a note, and leaves everything else as it is. A reference is replaced as a
 * whole, whatever base or origin stands before `/i/`, and never in the middle of a longer URL; a query or fragment stays behind it. URLs
 * are put in as they are: `$&` has no meaning.
 * @param map URLs by reference (`upload.ref`)
 * @example
 * const text = replaceRefs(note.text, { [upload.ref]: 'https://photos.example/9f/9f3c….jpg' });
 */
export function replaceRefs(text: string, map: ReadonlyMap<string, string> | Readonly<Record<string, string>>): string {
  const entries = map instanceof Map ? Array.from(map) : Object.entries(map);
  // By its last part, since a reference is the same whatever stands before it.
  const urls = new Map(entries.map(([ref, url]) => [ref.split('/').at(-1)?.toLowerCase(), url]));
  return changeRefs(text, (name, isLocal) => (isLocal ? urls.get(name) : undefined));
}
