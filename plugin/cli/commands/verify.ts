import type { VerifyReport } from '../../protocol.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { columns } from '../help.ts';
import { FINE, type Io, NOT_FINE } from '../io.ts';
import { withCache } from '../withCache.ts';

/** Says 1 if something was damaged or missing, also if it could be mended. */
export async function verifyCommand(given: Arguments, io: Io): Promise<number> {
  const configuration = await configure(given, io, 'directory');
  return withCache(configuration, io, 'must exist', async (cache) => {
    const report = await cache.verify({
      signal: io.signal,
      onProgress: ({ step, checked, total }) => {
        if (io.isInteractive) io.say(`${step}: ${checked} of ${total}`);
      },
    });
    await io.print(given.json ? JSON.stringify(report) : table(report));
    return report.damaged + report.missing > 0 ? NOT_FINE : FINE;
  });
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
