import type { ImageCache } from '../../cache/index.ts';
import type { CheckAnswer } from '../../inspectorProtocol.ts';
import type { VerifyReport } from '../../protocol.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { columns } from '../help.ts';
import { FINE, type Io, NOT_FINE } from '../io.ts';
import { clean, counted, toJson } from '../text.ts';
import { withCache } from '../withCache.ts';

/** Says 1 if something was damaged or missing, also if it could be mended. */
export async function verifyCommand(given: Arguments, io: Io): Promise<number> {
  const configuration = await configure(given, io, 'directory');
  return withCache(configuration, io, 'must exist', async (cache) => {
    if (given.check) return check(cache, given, io);
    const report = await cache.verify({
      signal: io.signal,
      onProgress: ({ step, checked, total }) => {
        if (io.isInteractive) io.say(`${step}: ${checked} of ${total}`);
      },
    });
    await io.print(given.json ? toJson(report) : table(report));
    return report.damaged + report.missing > 0 ? NOT_FINE : FINE;
  });
}

/** Only tells. Files without an entry are no fault: they get one when their images are requested. */
async function check(cache: ImageCache, { json }: Arguments, io: Io): Promise<number> {
  const answer = await cache.insight.check(io.signal, ({ checked, total }) => {
    if (io.isInteractive) io.say(`${checked} of ${total}`);
  });
  await io.print(json ? toJson(answer) : list(answer));
  return answer.problems.some(({ kind }) => kind === 'missing' || kind === 'damaged') ? NOT_FINE : FINE;
}

function list({ checked, problems, problem_count }: CheckAnswer): string {
  const lines = problems.map(({ kind, path, s3_url }) => clean(`${kind} ${path} ${s3_url ?? ''}`.trim()));
  const more = problem_count - problems.length;
  return [
    ...lines,
    ...(more > 0 ? [`and ${counted(more, 'other')}`] : []),
    `${counted(checked, 'file')} compared${problem_count === 0 ? ': nothing is wrong' : ''}.`,
  ].join('\n');
}

const TEXTS = {
  entries: 'images',
  damaged: 'files with other bytes, moved to quarantine/',
  missing: 'files that were gone',
  repaired: 'of these, found elsewhere',
  dropped: 'of these, dropped; they are downloaded again when they are requested',
  unclaimed: 'files without an entry',
  quarantined: 'of these, incomplete or no images, moved to quarantine/',
  cleaned: 'half-written files removed',
} as const satisfies Partial<Record<keyof VerifyReport, string>>;

function table(report: VerifyReport): string {
  const names = Object.keys(TEXTS) as (keyof typeof TEXTS)[];
  return columns(names.map((name): [string, string] => [report[name].toLocaleString('en'), TEXTS[name]])).join('\n');
}
