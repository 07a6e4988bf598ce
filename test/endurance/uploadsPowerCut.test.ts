import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { UploadState } from '../../plugin/uploadProtocol.ts';
import { Outbox } from '../../plugin/uploads/index.ts';
import { CrashFs } from '../helpers/crashFs.ts';
import { powerCuts, seeded } from '../helpers/crashFsCuts.ts';
import { type DiskState, replay } from '../helpers/crashFsEvents.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { memoryDisk } from '../helpers/memoryDisk.ts';
import { jobId, pictureName } from '../helpers/uploads.ts';
import { bytes, openUploads } from '../uploads/fakes.ts';

/** Another seed is another sample of what may happen; any number must do. */
const SEED = 27;
/** Of the states that a cut at one moment may leave, besides the two extremes. */
const SAMPLE = 4;
const OUTBOX = '.image-outbox';

const recording = vi.hoisted((): { crashFs: CrashFs | undefined } => ({ crashFs: undefined }));

vi.mock('node:fs/promises', async (importActual) => {
  const { recordingFs } = await import('../helpers/crashFs.ts');
  return recordingFs(await importActual(), () => recording.crashFs);
});

/** After so many events, the upload is in this state, or in one that it was on its way to. */
interface Promised {
  events: number;
  upload: number;
  state: UploadState;
}

const ENDS: ReadonlySet<UploadState> = new Set(['stored', 'canceled']);

it('C27: a power cut at any moment loses no upload that was accepted, nor its end', async () => {
  const root = await temporaryDirectory(memoryDisk());
  const crashFs = new CrashFs(root);
  recording.crashFs = crashFs;
  const jobs = Array.from({ length: 4 }, () => jobId());
  const promises: Promised[] = [];
  const promise = (upload: number, state: UploadState) =>
    promises.push({ events: crashFs.events.length, upload, state });

  const { uploads, accept, bucket, clock, states } = await openUploads({ dir: join(root, OUTBOX) });
  bucket.failure = () => 'unreachable';
  const take = async (upload: number) => {
    await accept(bytes(upload), jobs[upload]);
    promise(upload, 'accepted');
  };
  await take(0);
  await Promise.all([take(1), take(2)]);
  await uploads.cancel('', jobs[1] ?? '');
  promise(1, 'canceled');
  bucket.failure = ({ key }) => (key.endsWith(pictureName(bytes(2))) ? 'unreachable' : undefined);
  await clock.advance(30_000, 1_000);
  await expect.poll(states).toMatchObject({ stored: 1 });
  promise(0, 'stored');
  await take(3);
  await uploads.close();
  recording.crashFs = undefined;

  const dir = join(await temporaryDirectory(memoryDisk()), 'disk');
  const random = seeded(SEED);
  const wrong: string[] = [];
  let cuts = 0;
  for (let moment = 1; moment <= crashFs.events.length; moment += 1) {
    const events = crashFs.events.slice(0, moment);
    const due = promises.filter((each) => each.events <= moment);
    for (const fates of powerCuts(events, SAMPLE, random)) {
      cuts += 1;
      mkdirSync(dir);
      const faults = await wrongWith(replay(events, fates), dir, due, jobs);
      rmSync(dir, { recursive: true });
      wrong.push(...faults.map((fault) => `seed ${SEED}, after ${moment} events: ${fault}`));
    }
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(cuts).toBeGreaterThan(150);
}, 120_000);

async function wrongWith(
  disk: DiskState,
  dir: string,
  promises: readonly Promised[],
  jobs: readonly string[],
): Promise<string[]> {
  for (const [path, content] of disk) {
    if (content === 'directory') mkdirSync(join(dir, path), { mode: 0o700 });
    else writeFileSync(join(dir, path), content);
  }
  const outbox = new Outbox({ dir: join(dir, OUTBOX), now: Date.now, warn: () => undefined });
  await outbox.sweep();
  const wrong: string[] = [];
  for (const { upload, state } of promises) {
    const record = await outbox.find(jobs[upload] ?? '');
    const isEnd = record !== undefined && ENDS.has(record.state);
    if (ENDS.has(state) && record?.state !== state)
      wrong.push(`upload ${upload} was ${state}, and is ${record?.state}`);
    if (isEnd) continue;
    const body = await outbox.readPicture(pictureName(bytes(upload)));
    if (record === undefined) wrong.push(`upload ${upload} was accepted, and is unknown`);
    else if (body?.equals(bytes(upload)) !== true) wrong.push(`upload ${upload} has lost its picture`);
  }
  return wrong;
}
