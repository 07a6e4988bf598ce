import { z } from 'zod';
import type { ManifestEntry } from '../../protocol.ts';
import { parseList } from '../jsonBody.ts';
import { defineRoute } from '../defineRoute.ts';
import { list, url } from '../fields.ts';
import { LongJson } from '../longJson.ts';
import { publicEntry } from '../publicEntry.ts';

/** Answers with a {@link LookupAnswer}. */
export const lookupRoute = defineRoute({
  method: 'POST',
  path: '/lookup',
  access: 'images',
  body: z.object({ urls: list('URLs') }),
  async handler({ request, body, images }) {
    const urls = await parseList(url, body.urls, 'urls');
    const { entries, sameAs } = byUrl(urls, await images.lookup(request, urls));
    const json = new LongJson();
    await json.add('{"entries":{');
    await json.addList(entries, ([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    if (sameAs.size > 0) {
      await json.add('},"same_as":{');
      await json.addList(sameAs, ([name, first]) => `${JSON.stringify(name)}:${first}`);
    }
    await json.add('}}');
    return json;
  },
});

/** Contains the entry of each object once: a request with thousands of spellings of one URL must not get thousands of copies. */
function byUrl(urls: readonly string[], found: readonly (ManifestEntry | undefined)[]) {
  const entries = new Map<string, ManifestEntry | null>();
  const sameAs = new Map<string, number>();
  const firsts = new Map<string, number>();
  for (const [index, name] of urls.entries()) {
    const entry = found[index];
    const first = entry === undefined ? undefined : firsts.get(entry.s3_url);
    if (first !== undefined && urls[first] !== name) sameAs.set(name, first);
    if (first !== undefined) continue;
    if (entry !== undefined) firsts.set(entry.s3_url, index);
    entries.set(name, entry === undefined ? null : publicEntry(entry));
  }
  return { entries, sameAs };
}
