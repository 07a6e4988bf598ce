import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { CrashFs } from '../helpers/crashFs.ts';
import { powerCuts, seeded } from '../helpers/crashFsCuts.ts';
import { type DiskEvent, type DiskState, replay } from '../helpers/crashFsEvents.ts';
import { CrashRun, type Durability, wrongWith } from '../helpers/crashRun.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { memoryDisk } from '../helpers/memoryDisk.ts';

/** Another seed is another sample of what may happen; any number must do. */
const SEED = 68;
/** Of the states that a cut at one moment may leave, besides the two extremes. More of them by `SAMPLE=8`. */
const SAMPLE = Number(process.env['SAMPLE'] ?? 2);

const recording = vi.hoisted((): { crashFs: CrashFs | undefined } => ({ crashFs: undefined }));

vi.mock('node:fs/promises', async (importActual) => {
  const { recordingFs } = await import('../helpers/crashFs.ts');
  return recordingFs(await importActual(), () => recording.crashFs);
});

it.each<Durability>(['full', 'process'])(
  'T68: a power cut at any moment loses nothing that durability `%s` promises, and leaves nothing wrong',
  async (durability) => {
    const root = await temporaryDirectory(memoryDisk());
    const crashFs = new CrashFs(root);
    recording.crashFs = crashFs;
    const crashRun = new CrashRun(root, crashFs, durability);
    await crashRun.run();
    recording.crashFs = undefined;

    const dir = join(await temporaryDirectory(memoryDisk()), 'disk');
    const random = seeded(SEED);
    const seen = new Set<string>();
    const wrong: string[] = [];
    for (let moment = 1; moment <= crashFs.events.length; moment += 1) {
      const events = crashFs.events.slice(0, moment);
      for (const fates of powerCuts(events, SAMPLE, random)) {
        const disk = replay(events, fates);
        const id = `${crashRun.promisesAt(moment)} ${digestOf(disk)}`;
        if (seen.has(id)) continue;
        seen.add(id);
        mkdirSync(dir);
        const faults = await wrongWith(disk, crashRun.ledgerAt(moment), { dir, durability });
        rmSync(dir, { recursive: true });
        const story = [...fates].map(([place, fate]) => `${fate}: ${describe(crashFs.events[place])}`).join('; ');
        for (const fault of faults) {
          wrong.push(`seed ${SEED}, after ${moment}. ${describe(events.at(-1))}; ${story}\n    ${fault}`);
        }
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(seen.size).toBeGreaterThan(300);
  },
  300_000,
);

function digestOf(disk: DiskState): string {
  const hash = createHash('sha256');
  for (const [path, content] of [...disk].toSorted(([a], [b]) => a.localeCompare(b))) {
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function describe(event: DiskEvent | undefined): string {
  if (event === undefined || event.op === 'write back') return 'write back';
  if (event.op === 'write') return `write ${event.bytes.length} bytes to file ${event.file}`;
  if ('file' in event) return `${event.op} ${event.file}`;
  return event.op === 'rename' ? `rename ${event.from} to ${event.path}` : `${event.op} ${event.path}`;
}
