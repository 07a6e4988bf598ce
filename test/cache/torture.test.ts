import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { JournalManifest } from '../../plugin/cache/journalManifest.ts';
import { temporaryDirectory } from '../helpers/directory.ts';

const child = fileURLToPath(new URL('../helpers/tortureChild.ts', import.meta.url));
const PROCESSES = 3;
/** Set TORTURE_MS to go on for longer, by hand. */
const DURATION_MS = Number(process.env['TORTURE_MS'] ?? 8000);

/** What every key may hold, by what was begun and what was acknowledged. */
class Ledger {
  readonly #possible = new Map<string, Set<string>>();
  readonly #keysOfLane = new Map<string, Set<string>>();
  acknowledged = 0;

  begin(lane: string, key: string, etag: string): void {
    for (const each of this.#keys(lane, key)) this.#possible.get(each)?.add(etag);
  }

  acknowledge(lane: string, key: string, etag: string): void {
    this.acknowledged += 1;
    for (const each of this.#keys(lane, key)) this.#possible.set(each, new Set([etag]));
  }

  /** Every key that holds something that it must not hold. */
  wrong(etagOf: (key: string) => string): string[] {
    return [...this.#possible]
      .filter(([key, etags]) => !etags.has(etagOf(key)))
      .map(([key, etags]) => `${key} is ${etagOf(key)}, not ${[...etags].join(' or ')}`);
  }

  #keys(lane: string, key: string): Iterable<string> {
    const keys = this.#keysOfLane.get(lane) ?? new Set();
    this.#keysOfLane.set(lane, keys);
    if (key === '*') return keys;
    keys.add(key);
    if (!this.#possible.has(key)) this.#possible.set(key, new Set(['-']));
    return [key];
  }
}

class Torturer {
  readonly ledger = new Ledger();
  readonly complaints: string[] = [];
  longestMs = 0;
  kills = 0;

  /** Starts a process, and another whenever it was killed. */
  async keepKilling(dir: string, name: string, until: number): Promise<void> {
    while (Date.now() < until) {
      const { process: victim, ready, ended } = this.#start(dir, name);
      await Promise.race([ready, ended]);
      await sleep(Math.random() * 200);
      if (Math.random() < 0.5) {
        // Whatever it was in the middle of takes long, while the others go on (T50).
        victim.kill('SIGSTOP');
        await sleep(Math.random() * 200);
        victim.kill('SIGCONT');
        await sleep(Math.random() * 100);
      }
      victim.kill('SIGKILL');
      this.kills += 1;
      await ended;
    }
  }

  #start(dir: string, name: string) {
    const victim = spawn(process.execPath, [child, dir, name], { stdio: ['ignore', 'pipe', 'pipe'] });
    const begun = new Map<string, [lane: string, key: string, etag: string]>();
    let onReady = () => {};
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    victim.stderr.on('data', (text) => this.complaints.push(String(text)));
    // An acknowledgement counts when it has been read here.
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
      } else if (!line.includes('damaged record') && !line.includes('compaction lock')) this.complaints.push(line);
    });
    const ended = Promise.all([once(victim, 'exit'), once(lines, 'close')]);
    return { process: victim, ready, ended };
  }
}

it(
  'T47, T48, T49: processes that share a directory and are killed all the time lose nothing that was acknowledged',
  async () => {
    const dir = await temporaryDirectory();
    const until = Date.now() + DURATION_MS;
    const torturer = new Torturer();
    let parsed = 0;
    const watch = async () => {
      while (Date.now() < until) {
        const text = await readFile(join(dir, 'manifest.json'), 'utf8').catch(() => undefined);
        if (text === undefined) expect(parsed).toBe(0); // not there yet; once it is, it stays
        else parsed += Object.keys(JSON.parse(text) as object).includes('entries') ? 1 : 0;
        await sleep(3);
      }
    };
    const names = Array.from({ length: PROCESSES }, (_, n) => `p${n}`);
    await Promise.all([watch(), ...names.map((name) => torturer.keepKilling(dir, name, until))]);

    const started = performance.now();
    const store = new JournalManifest({
      dir,
      prefix: '.image-cache/',
      sync: false,
      now: Date.now,
      observer: { applied: () => undefined, reset: () => undefined, warn: () => undefined },
    });
    await store.open();
    const openedMs = performance.now() - started;
    const { acknowledged } = torturer.ledger;
    const summary = `${acknowledged} acknowledged, ${torturer.kills} kills, ${torturer.longestMs} ms at most`;
    if (process.env['TORTURE_MS'] !== undefined) console.info(summary);
    expect(torturer.complaints).toEqual([]);
    expect(torturer.ledger.wrong((key) => store.index.get(key)?.etag ?? '-')).toEqual([]);
    expect(acknowledged, summary).toBeGreaterThan(1000);
    expect(torturer.kills).toBeGreaterThan(10);
    expect(parsed).toBeGreaterThan(100);
    expect(torturer.longestMs).toBeLessThan(1000);
    expect(openedMs).toBeLessThan(1000);

    const bytes = store.index.totalBytes;
    await store.close();
    const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as {
      entries: Record<string, { size_bytes: number }>;
    };
    expect(Object.values(entries).reduce((sum, { size_bytes }) => sum + size_bytes, 0)).toBe(bytes);
    const files = (await readdir(join(dir, 'journal'))).filter((file) => !file.endsWith('.lock'));
    expect(files).toHaveLength(2); // one snapshot and its log
    expect(await readdir(join(dir, 'quarantine')).catch(() => [])).toEqual([]);
  },
  DURATION_MS + 30_000,
);
