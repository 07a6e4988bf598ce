import type { CacheStats } from '../../protocol.ts';
import { bytesText } from '../../doctor/index.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { columns } from '../help.ts';
import { FINE, type Io } from '../io.ts';
import { clean, counted, toJson } from '../text.ts';
import { withCache } from '../withCache.ts';

/** Actors that are listed; `--json` has all. */
const MAX_ACTORS = 20;

export async function statsCommand(given: Arguments, io: Io): Promise<number> {
  const configuration = await configure(given, io, 'directory');
  return withCache(configuration, io, 'must exist', async (cache) => {
    const stats = await cache.stats();
    const { actor } = given;
    if (actor === undefined) {
      await io.print(given.json ? toJson(stats) : table(stats));
      return FINE;
    }
    const { entries, size_bytes } = Object.hasOwn(stats.actors, actor) ? (stats.actors[actor] ?? NONE) : NONE;
    await io.print(
      given.json
        ? toJson({ actor_id: actor, entries, size_bytes })
        : `${clean(actor)}: ${counted(entries, 'image')}, ${bytesText(size_bytes)}`,
    );
    return FINE;
  });
}

const NONE = { entries: 0, size_bytes: 0 };

function table({
  total_entries,
  total_size_bytes,
  actors,
  unclaimed,
  variants,
  compression,
  cache_id,
}: CacheStats): string {
  const largest = Object.entries(actors).toSorted(([, a], [, b]) => b.size_bytes - a.size_bytes);
  const rows: [string, string][] = [
    ['images', `${total_entries.toLocaleString('en')}, ${bytesText(total_size_bytes)}`],
    ['variants', `${variants.count.toLocaleString('en')}, ${bytesText(variants.size_bytes)}`],
    ['files without an entry', `${unclaimed.files.toLocaleString('en')}, ${bytesText(unclaimed.size_bytes)}`],
    ['saved by WebP', bytesText(compression.saved_bytes)],
    ['directory', cache_id],
    ['actors', largest.length.toLocaleString('en')],
  ];
  const listed = largest
    .slice(0, MAX_ACTORS)
    .map(([name, { entries, size_bytes }]): [string, string] => [
      `  ${clean(name)}`,
      `${counted(entries, 'image')}, ${bytesText(size_bytes)}`,
    ]);
  const more = largest.length - listed.length;
  return [...columns([...rows, ...listed]), ...(more > 0 ? [`    and ${counted(more, 'other')}`] : [])].join('\n');
}
