import type { IncomingMessage } from 'node:http';
import type { ManifestEntry } from '../../protocol.ts';
import { parseBody, parseList } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { isAuthorized } from '../ensureAuthorized.ts';
import type { Handler } from '../handlers.ts';
import { LongJson } from '../longJson.ts';
import { publicEntry } from '../publicEntry.ts';
import { lookupSchema, urlSchema } from '../schemas.ts';

/** `POST /lookup`: a {@link LookupAnswer}. */
export function lookupRoute(context: HttpContext): Handler {
  return async (request) => {
    const urls = await parseList(urlSchema, parseBody(lookupSchema, request.body).urls, 'urls');
    const found = await visibleEntries(context, request, await context.cache.lookup(urls));
    const { entries, sameAs } = byUrl(urls, found);
    const json = new LongJson();
    await json.add('{"entries":{');
    await json.addList(entries, ([url, entry]) => `${JSON.stringify(url)}:${JSON.stringify(entry)}`);
    if (sameAs.size > 0) {
      await json.add('},"same_as":{');
      await json.addList(sameAs, ([url, first]) => `${JSON.stringify(url)}:${first}`);
    }
    await json.add('}}');
    return json;
  };
}

/** What `authorize` leaves of them; it is asked once for each entry. */
async function visibleEntries(
  context: HttpContext,
  request: IncomingMessage,
  entries: readonly (ManifestEntry | undefined)[],
): Promise<(ManifestEntry | undefined)[]> {
  if (context.authorize === undefined) return [...entries];
  const distinct = [...new Set(entries)].filter((entry) => entry !== undefined);
  const answers = await Promise.all(distinct.map((entry) => isAuthorized(context, request, entry)));
  const visible = new Set(distinct.filter((_, index) => answers[index]));
  return entries.map((entry) => (entry !== undefined && visible.has(entry) ? entry : undefined));
}

/** Each object once: thousands of spellings of one URL must not make thousands of copies of its entry. */
function byUrl(urls: readonly string[], found: readonly (ManifestEntry | undefined)[]) {
  const entries = new Map<string, ManifestEntry | null>();
  const sameAs = new Map<string, number>();
  const firsts = new Map<string, number>();
  for (const [index, url] of urls.entries()) {
    const entry = found[index];
    const first = entry === undefined ? undefined : firsts.get(entry.s3_url);
    if (first !== undefined && urls[first] !== url) sameAs.set(url, first);
    if (first !== undefined) continue;
    if (entry !== undefined) firsts.set(entry.s3_url, index);
    entries.set(url, entry === undefined ? null : publicEntry(entry));
  }
  return { entries, sameAs };
}
