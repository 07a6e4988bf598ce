import { bytesText } from '../../doctor/index.ts';
import type { ImportAnswer } from '../../protocol.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { bytesOf } from '../fileInput.ts';
import { FINE, type Io, NOT_FINE } from '../io.ts';
import { clean, counted, toJson } from '../text.ts';
import { withCache } from '../withCache.ts';

const TELL_EVERY = 1000;

/** Says 1 if a file of the pack was refused. */
export async function importCommand(given: Arguments, io: Io): Promise<number> {
  const configuration = await configure(given, io, 'buckets');
  const [file = '-'] = given.operands;
  return withCache(configuration, io, 'may be made', async (cache) => {
    const answer = await cache.importPack(bytesOf(file, io), {
      signal: io.signal,
      onProgress({ checked, total }) {
        if (io.isInteractive && checked % TELL_EVERY === 0) io.say(`${checked} of ${total}`);
      },
    });
    await io.print(given.json ? toJson(answer) : report(answer));
    return answer.refused > 0 ? NOT_FINE : FINE;
  });
}

function report({ imported, size_bytes, known, absent, refused, problems }: ImportAnswer): string {
  const lines = problems.map(({ code, path, detail }) => `${code} ${clean(path)}: ${clean(detail)}`);
  const hints = new Set(problems.map(({ hint }) => hint).filter((hint) => hint !== undefined));
  const more = refused - problems.length;
  const counts = [
    `${counted(imported, 'image')} imported, ${bytesText(size_bytes)}`,
    `${known} cached before`,
    ...(absent > 0 ? [`${absent} listed without a file`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return [
    ...lines,
    ...(more > 0 ? [`and ${counted(more, 'other')}`] : []),
    ...[...hints].map(clean),
    `${counts.join('; ')}.`,
  ].join('\n');
}
