// @vitest-environment node
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Upload } from '../../../components/uploads/imageUploads.ts';
import type { StoredJob } from '../../../components/uploads/queue/storedJob.ts';
import { type FakeBrowser, fakeBrowser, type FakeTab } from './fakeBrowser.ts';
import { type FakeBucket, fakeBucket, type Outcome } from './fakeBucket.ts';
import { pictureFile, pngBytes } from './pictures.ts';

/** Everything that can happen, in any order. */
type Step =
  | { do: 'upload'; tab: number; picture: number }
  /** Begun, and not waited for: what follows happens in the middle of it. */
  | { do: 'begin upload'; tab: number; picture: number }
  | { do: 'cancel' | 'pause' | 'resume' | 'retry'; tab: number; job: number }
  | { do: 'kill' | 'open' | 'restart'; tab: number }
  | { do: 'page'; tab: number; event: 'reached' | 'left' | 'shown' | 'hidden' }
  | { do: 'online'; isOnline: boolean }
  | { do: 'reachable'; isReachable: boolean }
  | { do: 'outcomes'; outcomes: Outcome[] }
  | { do: 'release' | 'work' | 'server forgets' }
  | { do: 'jump'; ms: number }
  | { do: 'pass'; ms: number }
  | { do: 'settle' };

const tab = fc.nat(1);
const outcome = fc.constantFrom<Outcome>('stored', 'accepted', 'unreachable', 'lost', 'hang', 503, 403, 413);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('upload', 'begin upload'), tab, picture: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('cancel', 'pause', 'resume', 'retry'), tab, job: fc.nat(9) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('kill', 'open', 'restart'), tab }) },
  fc.record({ do: fc.constant('page'), tab, event: fc.constantFrom('reached', 'left', 'shown', 'hidden') }),
  fc.record({ do: fc.constant('online'), isOnline: fc.boolean() }),
  fc.record({ do: fc.constant('reachable'), isReachable: fc.boolean() }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('outcomes'), outcomes: fc.array(outcome, { maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('release', 'work', 'server forgets') }) },
  fc.record({ do: fc.constant('jump'), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(300, 5_000, 60_000, 1_200_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle') }) },
);

/** What the test knows must be true at the end. */
interface Promised {
  /** Jobs that `upload()` has called saved. */
  readonly saved: Set<string>;
  readonly canceled: Set<string>;
}

class World {
  readonly browser: FakeBrowser = fakeBrowser();
  readonly bucket: FakeBucket = fakeBucket();
  readonly tabs: (FakeTab | undefined)[] = [undefined, undefined];
  readonly promised: Promised = { saved: new Set(), canceled: new Set() };
  readonly #pending = new Set<Promise<unknown>>();

  constructor(isSecure: boolean) {
    this.browser.isSecure = isSecure;
    this.open(0);
  }

  open(index: number): FakeTab {
    const opened = this.tabs[index] ?? this.browser.open({ transport: this.bucket.transport });
    this.tabs[index] = opened;
    return opened;
  }

  async run(each: Step): Promise<void> {
    const { browser, bucket } = this;
    switch (each.do) {
      case 'upload':
        await this.#upload(each.tab, each.picture);
        return;
      case 'begin upload':
        this.#follow(this.#upload(each.tab, each.picture));
        return;
      case 'cancel': {
        const upload = this.#pick(each.tab, each.job);
        const answer = await upload?.cancel().catch(() => undefined);
        if (upload && answer?.canceled) this.promised.canceled.add(upload.jobId);
        return;
      }
      case 'pause':
      case 'resume':
      case 'retry':
        await this.#pick(each.tab, each.job)
          ?.[each.do]()
          .catch(() => undefined);
        return;
      case 'kill':
        this.tabs[each.tab]?.kill();
        this.tabs[each.tab] = undefined;
        return;
      case 'open':
        this.open(each.tab);
        return;
      case 'restart':
        this.tabs[each.tab]?.restart();
        return;
      case 'page':
        this.tabs[each.tab]?.page(each.event);
        return;
      case 'online':
        browser.isOnline = each.isOnline;
        return;
      case 'reachable':
        bucket.isReachable = each.isReachable;
        return;
      case 'outcomes':
        bucket.outcomes.push(...each.outcomes);
        return;
      case 'release':
        return bucket.release();
      case 'work':
        return bucket.work();
      case 'server forgets':
        return bucket.accepted.clear();
      case 'jump':
        return browser.jump(each.ms);
      case 'pass':
        return browser.pass(each.ms);
      case 'settle':
        return browser.settle();
    }
  }

  /** Everything works again, and the user retries what has failed: until nothing is under way any more. */
  async quiesce(): Promise<FakeTab> {
    const { browser, bucket } = this;
    Object.assign(browser, { isOnline: true });
    Object.assign(bucket, { isReachable: true, outcomes: [], otherwise: 'stored' });
    const tabs = this.tabs.flatMap((each) => each ?? []);
    for (const each of tabs) each.page('shown');
    const last = tabs[0] ?? this.open(0);
    await Promise.allSettled(this.#pending);
    // What a killed tab was writing may be on the disk a moment later only.
    let quietRounds = 0;
    for (let round = 0; round < 30 && quietRounds < 2; round += 1) {
      bucket.release();
      bucket.work();
      for (const upload of last.uploads.list()) {
        if (['failed', 'blocked', 'paused'].includes(upload.status)) await upload.retry();
      }
      for (const each of tabs) each.page('reached');
      await browser.pass(60_000);
      const jobs = (await browser.rows('jobs')) as StoredJob[];
      const isOver = ({ state, isCancelUntold }: StoredJob) =>
        state === 'stored' || (state === 'canceled' && !isCancelUntold);
      quietRounds = jobs.every(isOver) ? quietRounds + 1 : 0;
    }
    return last;
  }

  async #upload(index: number, picture: number): Promise<void> {
    const own = this.open(index);
    const call = own.uploads.upload(pictureFile(picture));
    // A tab that is killed never answers.
    const uploads = await Promise.race([call, this.#untilKilled(index, own)]).catch(() => []);
    for (const { jobId } of uploads) this.promised.saved.add(jobId);
  }

  async #untilKilled(index: number, own: FakeTab): Promise<Upload[]> {
    for (let turn = 0; turn < 5_000 && this.tabs[index] === own; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    return [];
  }

  #pick(index: number, job: number): Upload | undefined {
    const list = this.tabs[index]?.uploads.list() ?? [];
    return list[job % Math.max(list.length, 1)];
  }

  #follow(call: Promise<unknown>): void {
    this.#pending.add(call);
  }
}

/** More of them by `MODEL_RUNS=1000`. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 50);

test.each([
  ['Web Locks', true],
  ['leases', false],
])(
  'random interleavings with %s: after quiescence every invariant holds',
  { timeout: 20_000 + RUNS * 1_000 },
  async (_, isSecure) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const world = new World(isSecure);
        const { browser, bucket, promised } = world;
        for (const each of steps) await world.run(each);
        const last = await world.quiesce();

        const jobs = new Map(((await browser.rows('jobs')) as StoredJob[]).map((job) => [job.jobId, job]));
        // I1, I2, I7: what was called saved is in the bucket, or was canceled.
        for (const jobId of promised.saved) {
          const job = jobs.get(jobId);
          // The row of one that was stored is forgotten after a week, which a jump of the clock may bring.
          if (!job) continue;
          expect(job.state).toBe(
            promised.canceled.has(jobId) ? 'canceled' : job.state === 'canceled' ? 'canceled' : 'stored',
          );
          if (job.state === 'stored') expect([...bucket.objects.values()]).toContain(job.body?.sha256);
        }
        // I6: a cancellation wins over whatever came later.
        for (const jobId of promised.canceled) expect(jobs.get(jobId)?.state ?? 'canceled').toBe('canceled');
        // I3, I4, I8, I12: the bucket is strict about digests, keys, privacy and what is sent at a time; each object was made once.
        // Without Web Locks, a clock that is set forward ends a lease early, and two tabs send for a moment.
        const complaints = bucket.complaints.filter((text) => isSecure || !text.includes('twice at a time'));
        expect(complaints).toEqual([]);
        expect([...bucket.writes.values()].every((times) => times === 1)).toBe(true);
        // I9: nobody was charged more than the tries there are.
        expect(Math.max(0, ...Array.from(jobs.values(), ({ attempts }) => attempts))).toBeLessThanOrEqual(6);
        // I7, I13: bytes are kept for nothing that is over.
        expect(await browser.rows('bytes')).toEqual([]);
        expect(last.uploads.status().bytesPending).toBe(0);
        // The tab shows what is on the disk.
        expect(
          last.uploads
            .list()
            .map(({ jobId }) => jobId)
            .toSorted(),
        ).toEqual([...jobs.keys()].toSorted());
      }),
      { numRuns: RUNS },
    );
  },
);

test('the pictures of the model are distinct', () => expect(pngBytes(1)).not.toEqual(pngBytes(2)));
