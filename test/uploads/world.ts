import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { UploadRemoveAnswer, UploadStatus } from '../../plugin/uploadProtocol.ts';
import { Outbox } from '../../plugin/uploads/index.ts';
import { createReferenceKeys } from '../../plugin/uploads/referenceKeys.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jobId, keyOf, pictureName, sha256 } from '../helpers/uploads.ts';
import { bytes, FakeClock } from './fakes.ts';
import type { Fault } from './gatedBucket.ts';
import { type Machine, openMachine } from './machines.ts';
import { MemoryBucket } from './memoryBucket.ts';
import { ENTITIES, PICTURES, type Step } from './steps.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An upload, as the browser knows it. */
interface Job {
  readonly id: string;
  readonly entity: number;
  readonly picture: number;
  /** The browser has no bytes any more of one that is `stored`; one that is `over` was canceled or removed. */
  state: 'open' | 'stored' | 'over';
}

/** Whether an entity has a picture, by the last word of its user. */
type Word = 'has' | 'has not' | 'unknown';

/** Two servers and a bucket, and the browser of a user who talks to both. */
export class World {
  readonly clock = new FakeClock();
  readonly bucket: MemoryBucket;
  readonly machines: (Machine | undefined)[] = [undefined, undefined];
  readonly jobs: Job[] = [];
  /** What must never happen. */
  readonly complaints: string[] = [];
  readonly #dirs: readonly [string, string];
  readonly #graceMs: number;
  readonly #keys = createReferenceKeys('uploads', 'app');
  readonly #words = new Map<string, { word: Word; version: number; isRemoving: boolean }>();
  /** Sends that have not come to their end, by the directory. */
  readonly #sending = new Map<Job, string>();
  readonly #unanswered = new Map<string, { entity: number; picture: number }>();
  /** Flags whose servers could not take them away. */
  readonly #excused = new Set<string>();
  readonly #killing: Promise<void>[] = [];
  #faults: Fault[] = [];
  #mayList = true;

  private constructor(dirs: readonly [string, string], graceMs: number) {
    this.#dirs = dirs;
    this.#graceMs = graceMs;
    this.bucket = new MemoryBucket(() => this.clock.now(), new DeletionWatch((key) => this.#inspectDeletion(key)));
    for (const index of [0, 1]) this.#open(index);
  }

  static async open(isShared: boolean, graceMs: number): Promise<World> {
    const parent = await temporaryDirectory();
    const [a, b] = [join(parent, 'a', '.image-outbox'), join(parent, 'b', '.image-outbox')];
    const world = new World([a, isShared ? a : b], graceMs);
    onTestFinished(() => world.close());
    return world;
  }

  async run(each: Step): Promise<void> {
    switch (each.do) {
      case 'upload':
        this.#upload(each.server, each.entity, each.picture);
        break;
      case 'remove':
        void this.#remove(each.server, each.entity, [each.picture]);
        break;
      case 'remove all':
        void this.#remove(each.server, each.entity, PICTURES);
        break;
      case 'again': {
        const open = this.jobs.filter(({ state }) => state === 'open');
        const again = open[each.job % Math.max(open.length, 1)];
        if (again) void this.#send(each.server, again);
        break;
      }
      case 'cancel':
        this.#cancel(each.server, this.jobs[each.job % Math.max(this.jobs.length, 1)]);
        break;
      case 'kill':
        return this.#kill(each.server, each.fate, each.isWiped);
      case 'open':
        this.#open(each.server);
        break;
      case 'hold': {
        const line = this.machines[each.server]?.line;
        if (line) line.isHeld = each.isHeld;
        break;
      }
      case 'let':
        for (let n = 0; n < each.count; n += 1) {
          this.machines[each.server]?.line.release(each.which);
          await turn();
        }
        return;
      case 'faults':
        this.#faults = each.faults;
        return;
      case 'may list':
        // Where a deletion cannot be seen, uploads go on. So the credentials must not change in the middle of one.
        this.#mayList = each.may || this.bucket.keys().some((key) => this.#keys.isFlag(key));
        return;
      case 'jump':
        this.machines[each.server]?.jump(each.ms);
        return;
      case 'pass':
        return this.clock.advance(each.ms, each.ms / 4);
    }
    await this.clock.settle();
  }

  /** Everything works again; the browser sends what is needed, and repeats removals, until all has come to its end. */
  async quiesce(): Promise<void> {
    this.#faults = [];
    this.#mayList = true;
    for (const index of [0, 1]) this.#open(index);
    for (let round = 0; round < 40; round += 1) {
      for (const machine of this.machines) {
        if (!machine) continue;
        machine.line.isHeld = false;
        for (let n = 0; n < 50; n += 1) machine.line.release(0);
        // What has failed is tried again by its user.
        for (const { job_id, state } of (await machine.uploads.list('')).jobs) {
          if (state === 'failed' || state === 'blocked') await machine.uploads.retry('', job_id);
        }
      }
      await this.#checkAll(round);
      await this.clock.advance(MINUTE, 10_000);
      for (const { entity, picture: each } of Array.from(this.#unanswered.values())) {
        void this.#remove(round, entity, [each]);
      }
      await this.clock.settle();
      if (await this.#isQuiet()) break;
      if (round > 10) await this.clock.advance(20 * MINUTE); // pauses, and flags that were left behind
    }
    if (!(await this.#isQuiet())) this.complaints.push('Uploads or removals have not come to their end.');
    // Where words have overlapped, the user has a last one.
    for (const [pair, { word }] of this.#words) {
      const [entity = 0, each = 0] = pair.split(' ').map(Number);
      if (entity > 0 && word === 'unknown') {
        void this.#remove(0, entity, [each]);
        await this.clock.settle();
        if (this.#unanswered.has(pair)) await this.clock.advance(HOUR);
      }
    }
    await this.clock.advance(this.#graceMs + 4 * HOUR, HOUR / 2);
  }

  /** What is wrong at the end. */
  verdict(): string[] {
    const { bucket } = this;
    const wrong = [...this.complaints];
    for (const each of PICTURES) {
      const words = ENTITIES.map((entity) => this.#wordOf(entity, each).word);
      const anonymous = this.jobs.filter(({ entity, picture: own }) => entity === 0 && own === each);
      const isThere = bucket.objects.get(keyOf(bytes(each)))?.body.equals(bytes(each)) ?? false;
      const isUsed = words.includes('has') || anonymous.some(({ state }) => state === 'stored');
      const isUnused = words.every((word) => word === 'has not') && anonymous.length === 0;
      if (isUsed && !isThere) wrong.push(`Picture ${each} is used, and not there.`);
      if (isUnused && isThere) wrong.push(`Picture ${each} is there, and nothing uses it.`);
    }
    wrong.push(...bucket.keys(this.#keys.marks).map((key) => `A mark is left: ${key}`));
    const flags = bucket.keys().filter((key) => this.#keys.isFlag(key) && !this.#excused.has(key));
    wrong.push(...flags.map((key) => `A flag is left: ${key}`));
    return wrong;
  }

  async close(): Promise<void> {
    for (const index of [0, 1]) await this.#kill(index, 'lost', false);
    await Promise.all(this.#killing);
  }

  #open(index: number): void {
    this.machines[index] ??= openMachine({
      dir: this.#dirs[index % 2] ?? '',
      bucket: this.bucket,
      clock: this.clock,
      graceMs: this.#graceMs,
      nextFault: (request) =>
        request.startsWith('list') && !this.#mayList ? 'forbidden' : (this.#faults.shift() ?? 'none'),
      failed: (request) => this.#excuse(request),
      changed: (status) => this.#hear(status),
    });
  }

  async #kill(index: number, fate: 'lost' | 'now' | 'later', isWiped: boolean): Promise<void> {
    const machine = this.machines[index];
    if (!machine) return;
    this.machines[index] = undefined;
    // The flags that are there now may be its own.
    for (const key of this.bucket.keys()) if (this.#keys.isFlag(key)) this.#excused.add(key);
    const isDeletion = (request: string) => request.startsWith('remove uploads/') && isPictureKey(request.slice(7));
    const isTakenBack = (request: string) => /^remove uploads\/refs\/[0-9a-f]{32}\/[0-9a-f]/.test(request);
    await machine.kill((request) => {
      const flag = request.split(' ')[1] ?? '';
      if (this.#keys.isFlag(flag)) this.#excused.add(flag);
      // What else comes late is not part of this model: a picture may get a reference, or lose its mark, when all is over.
      return fate === 'later' && !isDeletion(request) && !isTakenBack(request) ? 'lost' : fate;
    });
    await this.clock.settle();
    const isInUse = this.machines.some((other) => other?.dir === machine.dir);
    if (isWiped && !isInUse) await rm(machine.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  #upload(index: number, entity: number, each: number): void {
    // It takes a removal back that was not answered yet, or whose answer will never come.
    this.#unanswered.delete(pairOf(entity, each));
    this.#say(entity, each, 'has');
    const added: Job = { id: jobId(), entity, picture: each, state: 'open' };
    this.jobs.push(added);
    void this.#send(index, added);
  }

  async #send(index: number, sent: Job): Promise<void> {
    const machine = this.machines[index % 2];
    if (!machine || this.#sending.has(sent)) return;
    const body = bytes(sent.picture);
    async function* once() {
      yield body;
    }
    this.#sending.set(sent, machine.dir);
    const call = machine.uploads.accept({
      jobId: sent.id,
      owner: '',
      sha256: sha256(body),
      filename: undefined,
      entity: sent.entity > 0 ? entityOf(sent.entity) : undefined,
      size: body.length,
      body: once(),
    });
    const status = await Promise.race([call, machine.killed]).catch(() => undefined);
    this.#sending.delete(sent);
    if (status) this.#hear(status);
  }

  async #remove(index: number, entity: number, pictures: readonly number[]): Promise<void> {
    const machine = this.machines[index % 2];
    if (!machine) return;
    const pairs = pictures.filter((each) => !this.#wordOf(entity, each).isRemoving);
    if (pairs.length === 0) return;
    const own = this.jobs.filter((each) => each.entity === entity && pairs.includes(each.picture));
    const said = pairs.map((each) => {
      this.#unanswered.set(pairOf(entity, each), { entity, picture: each });
      const word = this.#say(entity, each, 'unknown');
      word.isRemoving = true;
      return word;
    });
    const versions = said.map(({ version }) => version);
    for (const each of own) each.state = 'over';
    const elsewhere = await this.#openElsewhere(machine.dir);
    const isWished = () => said.every(({ version }, at) => version === versions[at]);
    const call = this.#askToRemove(
      machine,
      entity,
      pairs,
      own.map(({ id }) => id),
      isWished,
    );
    const answer = await Promise.race([call, machine.killed]).catch(() => undefined);
    said.forEach((word, at) => {
      const each = pairs[at] ?? 0;
      word.isRemoving = false;
      if (!answer) return; // it is told again
      this.#unanswered.delete(pairOf(entity, each));
      const isAlone = !own.some(({ id, picture: its }) => its === each && elsewhere.has(id));
      if (isAlone && word.version === versions[at]) word.word = 'has not';
    });
  }

  /** As the browser does: first it asks what there is, and then has that removed, unless something was added again meanwhile. */
  async #askToRemove(
    { uploads }: Machine,
    entity: number,
    pictures: readonly number[],
    own: readonly string[],
    isWished: () => boolean,
  ): Promise<UploadRemoveAnswer> {
    const asked = {
      entity: entityOf(entity),
      images: pictures.map((each) => ({ name: pictureName(bytes(each)) })),
    };
    const { job_ids } = await uploads.find('', asked);
    if (!isWished()) throw new Error('It was added again.');
    return uploads.remove('', { ...asked, job_ids: [...own, ...job_ids], exact: true });
  }

  #cancel(index: number, canceled: Job | undefined): void {
    const machine = this.machines[index];
    if (!machine || canceled?.state !== 'open') return;
    canceled.state = 'over';
    this.#say(canceled.entity, canceled.picture, 'unknown');
    machine.uploads.cancel('', canceled.id).catch(() => undefined);
  }

  /** Uploads that another server has, or is being sent, which does not hear of a removal. */
  async #openElsewhere(dir: string): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const [{ id }, where] of this.#sending) if (where !== dir) ids.add(id);
    for (const other of this.#dirs) {
      if (other === dir) continue;
      const outbox = new Outbox({ dir: other, now: () => this.clock.now(), warn: () => undefined });
      for (const { job_id } of await outbox.pending()) ids.add(job_id);
    }
    return ids;
  }

  async #checkAll(round: number): Promise<void> {
    const machine = this.machines[round % 2];
    const open = this.jobs.filter(({ state }) => state === 'open');
    if (!machine || open.length === 0) return;
    const asked = open.map(({ id, picture: each }) => ({ job_id: id, sha256: sha256(bytes(each)) }));
    const statuses = await machine.uploads.check('', asked);
    statuses.forEach((status, at) => {
      this.#hear(status);
      const own = open[at];
      if (status.state === 'needed' && own) void this.#send(round, own);
    });
  }

  #hear({ job_id, state }: UploadStatus): void {
    const own = this.jobs.find(({ id }) => id === job_id);
    if (own?.state === 'open' && state === 'stored') own.state = 'stored';
  }

  async #isQuiet(): Promise<boolean> {
    const pending = await Promise.all(this.machines.map(async (machine) => machine?.uploads.pendingCount() ?? 0));
    const isOpen = this.jobs.some(({ state }) => state === 'open');
    return !isOpen && this.#unanswered.size === 0 && pending.every((count) => count === 0);
  }

  #wordOf(entity: number, each: number): { word: Word; version: number; isRemoving: boolean } {
    const pair = pairOf(entity, each);
    const known = this.#words.get(pair) ?? { word: 'has not', version: 0, isRemoving: false };
    this.#words.set(pair, known);
    return known;
  }

  #say(entity: number, each: number, word: Word): { word: Word; version: number; isRemoving: boolean } {
    const known = this.#wordOf(entity, each);
    known.word = word;
    known.version += 1;
    return known;
  }

  #excuse(request: string): void {
    const key = request.split(' ')[1] ?? '';
    if (this.#keys.isFlag(key)) this.#excused.add(key);
    // A flag stays where it is not known whether the deletion comes yet.
    if (!isPictureKey(key) || !request.startsWith('remove')) return;
    const imageId = key.slice(key.lastIndexOf('/') + 1).slice(0, 32);
    for (const flag of this.bucket.keys(this.#keys.folder(imageId)))
      if (this.#keys.isFlag(flag)) this.#excused.add(flag);
  }

  /** I11 */
  #inspectDeletion(key: string): void {
    const user = this.jobs.find(
      (each) =>
        key === keyOf(bytes(each.picture)) &&
        each.state === 'stored' &&
        (each.entity === 0 || this.#wordOf(each.entity, each.picture).word === 'has'),
    );
    if (user) this.complaints.push(`I11: picture ${user.picture} was deleted while entity ${user.entity} used it.`);
  }
}

/** Enough for one request to be answered, and the next to be sent. */
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const entityOf = (number: number) => ({ type: 'note', id: String(number) });
const pairOf = (entity: number, each: number) => `${entity} ${each}`;
const isPictureKey = (key: string) => /^uploads\/[0-9a-f]{2}\//.test(key);

/** Objects that say when one of them goes. */
class DeletionWatch<Value> extends Map<string, Value> {
  readonly #deleted: (key: string) => void;

  constructor(deleted: (key: string) => void) {
    super();
    this.#deleted = deleted;
  }

  override delete(key: string): boolean {
    if (this.has(key)) this.#deleted(key);
    return super.delete(key);
  }
}
