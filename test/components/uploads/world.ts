import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { Entity } from '../../../components/uploads/entity.ts';
import type { Upload } from '../../../components/uploads/imageUploads.ts';
import type { StoredImage } from '../../../components/uploads/onStored.ts';
import type { StoredJob } from '../../../components/uploads/queue/storedJob.ts';
import { type FakeBrowser, fakeBrowser, type FakeTab } from './fakeBrowser.ts';
import { type FakeBucket, fakeBucket, type Outcome, referenceOf } from './fakeBucket.ts';
import { pictureFile, strippedBytes } from './pictures.ts';

/** Everything that can happen, in any order. */
export type Step =
  | { do: 'upload'; tab: number; picture: number; entity: number }
  /** Begun, and not waited for: what follows happens in the middle of it. */
  | { do: 'begin upload'; tab: number; picture: number; entity: number }
  | { do: 'remove image' | 'add image'; tab: number; picture: number; entity: number }
  | { do: 'remove entity'; tab: number; entity: number }
  | { do: 'bind'; tab: number; entity: number }
  /** What the app does when it is told. */
  | { do: 'app'; takes: App['takes'] }
  | { do: 'removal outcomes'; outcomes: FakeBucket['removalOutcomes'] }
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
const picture = fc.nat(5);
/** 0: none. */
const entity = fc.nat(2);
const outcome = fc.constantFrom<Outcome>('stored', 'accepted', 'unreachable', 'lost', 'hang', 503, 403, 413);
const removal = fc.constantFrom<FakeBucket['removalOutcomes'][number]>(
  'unreachable',
  'lost',
  'hang',
  'hang late',
  503,
  401,
);
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('upload', 'begin upload'), tab, picture, entity }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('remove image', 'remove image', 'add image'), tab, picture, entity }),
  },
  fc.record({ do: fc.constant('remove entity'), tab, entity }),
  fc.record({ do: fc.constant('bind'), tab, entity }),
  fc.record({ do: fc.constant('app'), takes: fc.constantFrom<App['takes']>('all', 'none', 'never ends') }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('removal outcomes'), outcomes: fc.array(removal, { maxLength: 3 }) }),
  },
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

/** What the app has done with what it was told. */
interface App {
  takes: 'all' | 'none' | 'never ends';
  readonly told: Set<string>;
  /** I5: what it was told of and the bucket did not have, or was not complete. */
  readonly complaints: string[];
}

/** Whether an entity has a picture, as far as the user's last word says. */
type Wish = 'has' | 'has not' | 'unknown';

const entityOf = (number: number): Entity => ({ type: 'note', id: `note-${number}` });

export class World {
  readonly browser: FakeBrowser = fakeBrowser();
  readonly bucket: FakeBucket = fakeBucket();
  readonly tabs: (FakeTab | undefined)[] = [undefined, undefined];
  readonly promised: Promised = { saved: new Set(), canceled: new Set() };
  readonly app: App = { takes: 'all', told: new Set(), complaints: [] };
  /** By reference. */
  readonly wishes = new Map<string, Wish>();
  readonly #underWay = new Map<string, number>();
  readonly #gate: 'immediate' | 'after-entity';
  readonly #pending = new Set<Promise<unknown>>();

  constructor(isSecure: boolean, gate: 'immediate' | 'after-entity') {
    this.#gate = gate;
    this.browser.isSecure = isSecure;
    this.open(0);
  }

  open(index: number): FakeTab {
    const opened =
      this.tabs[index] ??
      this.browser.open({
        transport: this.bucket.transport,
        gate: this.#gate,
        onStored: (stored) => this.#onStored(stored),
      });
    this.tabs[index] = opened;
    return opened;
  }

  async run(each: Step): Promise<void> {
    const { browser, bucket } = this;
    switch (each.do) {
      case 'upload':
        await this.#upload(each.tab, each.picture, each.entity);
        return;
      case 'begin upload':
        this.#follow(this.#upload(each.tab, each.picture, each.entity));
        return;
      case 'add image':
        return this.#add(each.tab, each.picture, each.entity);
      case 'remove image':
        return this.#remove(each.tab, each.entity, [each.picture], async ({ uploads }, own) =>
          uploads.removeImage(own, `${imageIdOf(each.picture)}.png`),
        );
      case 'remove entity':
        return this.#remove(each.tab, each.entity, PICTURES, async ({ uploads }, own) =>
          uploads.removeEntity(own, { imageIds: PICTURES.map((picture) => `${imageIdOf(picture)}.png`) }),
        );
      case 'bind':
        await this.#bind(each.tab, each.entity);
        return;
      case 'app':
        this.app.takes = each.takes;
        return;
      case 'removal outcomes':
        bucket.removalOutcomes.push(...each.outcomes);
        return;
      case 'cancel': {
        const upload = this.#pick(each.tab, each.job);
        const answer = await upload?.cancel().catch(() => undefined);
        if (upload && answer?.canceled) {
          this.promised.canceled.add(upload.jobId);
          // Another upload of it may go on.
          if (upload.entity && upload.imageId !== undefined) {
            this.wishes.set(referenceOf(upload.entity, upload.imageId), 'unknown');
          } else this.wishes.clear();
        }
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
    Object.assign(bucket, { isReachable: true, outcomes: [], removalOutcomes: [], otherwise: 'stored' });
    this.app.takes = 'all';
    const tabs = this.tabs.flatMap((each) => each ?? []);
    for (const each of tabs) each.page('shown');
    const last = tabs[0] ?? this.open(0);
    await Promise.allSettled(this.#pending);
    for (const number of [1, 2]) await last.uploads.bindEntity(entityOf(number), `server-${number}`);
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
      const isOver = ({ state, entity: own, link, isCancelUntold }: StoredJob) =>
        state === 'missing' ||
        (state === 'stored' && (!own || link?.at !== undefined)) ||
        (state === 'canceled' && !isCancelUntold);
      const isTold = (await browser.rows('tombstones')).length === 0;
      quietRounds = isTold && jobs.every(isOver) ? quietRounds + 1 : 0;
    }
    return last;
  }

  async #upload(index: number, picture: number, number: number): Promise<void> {
    const own = this.open(index);
    const entity = number > 0 ? entityOf(number) : undefined;
    const reference = entity && referenceOf(entity, imageIdOf(picture));
    if (reference !== undefined) {
      this.wishes.set(reference, 'unknown');
      this.#underWay.set(reference, (this.#underWay.get(reference) ?? 0) + 1);
    }
    const call = own.uploads.upload(pictureFile(picture), entity && { entity });
    // A tab that is killed never answers.
    const uploads = await Promise.race([call, this.#untilKilled(index, own)]).catch(() => []);
    for (const { jobId, status } of uploads) {
      this.promised.saved.add(jobId);
      if (reference === undefined) continue;
      // One whose end was not heard of may still be on its way.
      this.#underWay.set(reference, (this.#underWay.get(reference) ?? 0) - 1);
      this.wishes.set(reference, status === 'canceled' ? 'unknown' : 'has');
    }
  }

  /** By its reference alone, as it is pasted. */
  async #add(index: number, picture: number, number: number): Promise<void> {
    if (number === 0) return;
    const own = this.open(index);
    const entity = entityOf(number);
    const reference = referenceOf(entity, imageIdOf(picture));
    // One that nobody has may never come.
    const isThere = Array.from(this.bucket.objects.keys()).some((key) => key.includes(imageIdOf(picture)));
    this.wishes.set(reference, 'unknown');
    this.#underWay.set(reference, (this.#underWay.get(reference) ?? 0) + 1);
    const call = own.uploads.addImage(entity, `/api/cache/i/${imageIdOf(picture)}.png`);
    const isDone = await Promise.race([call.then(() => true), this.#untilKilled(index, own)]).catch(() => false);
    if (isDone !== true) return;
    this.#underWay.set(reference, (this.#underWay.get(reference) ?? 0) - 1);
    if (isThere) this.wishes.set(reference, 'has');
  }

  async #remove(
    index: number,
    number: number,
    pictures: readonly number[],
    remove: (own: FakeTab, entity: Entity) => Promise<void>,
  ): Promise<void> {
    if (number === 0) return;
    const own = this.open(index);
    const entity = entityOf(number);
    const references = pictures.map((picture) => referenceOf(entity, imageIdOf(picture)));
    for (const reference of references) this.wishes.set(reference, 'unknown');
    const isDone = await remove(own, entity).then(
      () => true,
      () => false,
    );
    for (const reference of references) {
      const isAlone = (this.#underWay.get(reference) ?? 0) === 0;
      if (isDone && isAlone) this.wishes.set(reference, 'has not');
    }
  }

  async #bind(index: number, number: number): Promise<void> {
    await this.open(index)
      .uploads.bindEntity(entityOf(number), `server-${number}`)
      .catch(() => undefined);
  }

  async #onStored(stored: StoredImage): Promise<void> {
    const { jobId, entity, imageId } = stored;
    const isThere = Array.from(this.bucket.objects.keys()).some((key) => key.includes(imageId));
    if (!isThere) this.app.complaints.push(`${jobId} is not in the bucket.`);
    if (Object.values(stored).some((value) => !value)) this.app.complaints.push(`${jobId} has an empty field.`);
    if (this.#gate === 'after-entity' && !entity.serverId) this.app.complaints.push(`${jobId} has no server id.`);
    if (this.app.takes === 'none') throw new Error('Not now.');
    this.app.told.add(jobId);
    if (this.app.takes === 'never ends') await new Promise(() => {});
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

const PICTURES = [0, 1, 2, 3, 4, 5] as const;

function imageIdOf(picture: number): string {
  return createHash('sha256').update(strippedBytes(picture)).digest('hex').slice(0, 32);
}
