import { parseActorId } from '../../cache/index.ts';
import { bytesText } from '../../doctor/index.ts';
import { ImageCacheError } from '../../errors.ts';
import { offlineRefusal } from '../../offline.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { FINE, type Io, NOT_FINE } from '../io.ts';
import { clean, counted, toJson } from '../text.ts';
import { withCache } from '../withCache.ts';

export async function clearCommand(given: Arguments, io: Io): Promise<number> {
  const [actor] = given.operands;
  if (actor !== undefined) parseActorId(actor); // the empty text of a variable that is not set is not all of them
  if (!given.yes && !io.isInteractive) {
    throw new ImageCacheError('INVALID_OPTION', 'Nobody can be asked whether to remove the images.', {
      hint: 'Add --yes.',
    });
  }
  const configuration = await configure(given, io, 'directory');
  if (configuration.options.offline) throw offlineRefusal('Images are not removed');
  return withCache(configuration, io, 'must exist', async (cache) => {
    if (!given.yes) {
      const { total_entries, actors } = await cache.stats();
      const count = actor === undefined ? total_entries : (actors[actor]?.entries ?? 0);
      const what =
        actor === undefined ? `all ${counted(count, 'image')}` : `${counted(count, 'image')} of ${clean(actor)}`;
      const reply = await io.ask(`Remove ${what}? [y/N] `);
      if (!/^y(?:es)?$/i.test(reply.trim())) {
        io.say('Nothing was removed.');
        return NOT_FINE;
      }
    }
    const answer = await cache.clear(actor);
    await io.print(
      given.json
        ? toJson(answer)
        : `${counted(answer.cleared, 'image')} removed, ${bytesText(answer.freed_bytes)} freed${answer.kept > 0 ? `, ${answer.kept} kept for other actors` : ''}.`,
    );
    return FINE;
  });
}
