import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CRASH_POINT_NAMES, type CrashPointName } from './crashPoints.ts';
import { Ledger } from './ledger.ts';

const CHILD = fileURLToPath(new URL('tortureChild.ts', import.meta.url));
const PROCESSES = 4;
/** A process that has not reached its crash point by then is killed like the others. */
const PATIENCE_MS = 1500;
/** After its time, the torture continues until a process has died at every crash point, but not for longer than this. */
const OVERTIME_MS = 15_000;

/** Warnings that are expected, because killed processes leave things half done. */
const EXPECTED = ['damaged record', 'compaction lock'];

export interface Torture {
  ledger: Ledger;
  /** Warnings and errors of processes that are not expected. */
  complaints: string[];
  kills: number;
  /** The longest time a change took to be acknowledged. */
  longestMs: number;
  /** The points at which processes have died by themselves. */
  crashedAt: Set<CrashPointName>;
  /** How often `manifest.json` was read and was complete. */
  manifestReads: number;
}

/** Lets processes change the manifest in one directory for some time, and keeps killing them. */
export async function torture(dir: string, durationMs: number): Promise<Torture> {
  const torturer = new Torturer(dir, Date.now() + durationMs);
  const lanes = Array.from({ length: PROCESSES }, (_, n) => torturer.keepKilling(`p${n}`));
  await Promise.all([torturer.watchManifest(), ...lanes]);
  return torturer;
}

/** The result in one line. @param lost entries of the manifest at the end that must not be there */
export function summaryOf({ ledger, kills, longestMs }: Torture, lost: readonly string[]): string {
  const { acknowledged } = ledger;
  return `acknowledged ${acknowledged}, lost ${lost.length}, kills ${kills}, longest stall ${longestMs.toFixed(0)} ms`;
}

class Torturer implements Torture {
  readonly ledger = new Ledger();
  readonly complaints: string[] = [];
  readonly crashedAt = new Set<CrashPointName>();
  longestMs = 0;
  kills = 0;
  manifestReads = 0;
  readonly #dir: string;
  readonly #until: number;
  #started = 0;

  constructor(dir: string, until: number) {
    this.#dir = dir;
    this.#until = until;
  }

  get #isOver(): boolean {
    const now = Date.now();
    const isComplete = this.crashedAt.size === CRASH_POINT_NAMES.length;
    return now >= this.#until + OVERTIME_MS || (now >= this.#until && isComplete);
  }

  /** Starts a process, and another one each time it was killed. Every second process dies by itself, at the next crash point. */
  async keepKilling(name: string): Promise<void> {
    while (!this.#isOver) {
      this.#started += 1;
      const turn = Math.floor(this.#started / 2);
      const point = this.#started % 2 === 0 ? CRASH_POINT_NAMES[turn % CRASH_POINT_NAMES.length] : undefined;
      const { process: victim, ready, ended } = this.#start(name, point);
      await Promise.race([ready, ended]);
      await (point === undefined ? this.#torment(victim) : Promise.race([ended, sleep(PATIENCE_MS)]));
      if (point !== undefined && victim.signalCode === 'SIGKILL') this.crashedAt.add(point);
      victim.kill('SIGKILL');
      this.kills += 1;
      await ended;
    }
  }

  /** Once `manifest.json` exists, it stays, and is complete at every moment. */
  async watchManifest(): Promise<void> {
    while (!this.#isOver) {
      const text = await readFile(join(this.#dir, 'manifest.json'), 'utf8').catch(() => undefined);
      if (text !== undefined && 'entries' in JSON.parse(text)) this.manifestReads += 1;
      else if (this.manifestReads > 0) this.complaints.push('manifest.json is gone');
      await sleep(3);
    }
  }

  async #torment(victim: { kill(signal: NodeJS.Signals): void }): Promise<void> {
    await sleep(Math.random() * 200);
    if (Math.random() < 0.5) return;
    // The process is suspended in the middle of its work, while the others continue (T50).
    victim.kill('SIGSTOP');
    await sleep(Math.random() * 200);
    victim.kill('SIGCONT');
    await sleep(Math.random() * 100);
  }

  #start(name: string, point: CrashPointName | undefined) {
    const when = point === undefined ? [] : [point, String(1 + Math.floor(Math.random() * 3))];
    const victim = spawn(process.execPath, [CHILD, this.#dir, name, ...when], { stdio: ['ignore', 'pipe', 'pipe'] });
    const begun = new Map<string, [lane: string, key: string, etag: string]>();
    let onReady = () => {};
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    victim.stderr.on('data', (text) => this.complaints.push(String(text)));
    // An acknowledgement counts when it was read here.
    const lines = createInterface(victim.stdout).on('line', (line) => {
      const [word, number = '', ...rest] = line.split(' ');
      const [lane = '', key = '', etag = ''] = begun.get(number) ?? rest;
      if (word === 'ready') onReady();
      else if (word === 'begin') {
        begun.set(number, [lane, key, etag]);
        this.ledger.begin(lane, key, etag);
      } else if (word === 'ack') {
        this.ledger.acknowledge(lane, key, etag);
        this.longestMs = Math.max(this.longestMs, Number(rest[0]));
      } else if (!EXPECTED.some((text) => line.includes(text))) this.complaints.push(line);
    });
    const ended = Promise.all([once(victim, 'exit'), once(lines, 'close')]);
    return { process: victim, ready, ended };
  }
}
