import { setMaxListeners } from 'node:events';
import { createMutex } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { DoctorAnswer, DoctorCheck } from '../inspectorProtocol.ts';
import { explainChecks, installationChecks } from './checksOf.ts';
import { countFor, environmentText } from './environment.ts';
import type { Installation } from './installation.ts';
import { runChecks } from './runChecks.ts';

/** Questions that wait for the one that is being answered. */
const MAX_QUESTIONS = 20;

/** How long is waited for what a disk that hangs does not tell, when all checks have ended. */
const MOMENT_MS = 100;

/** Answers two questions: is this installation well, and what about this image? */
export interface Doctor {
  /**
   * Asks S3 at most for the head of each bucket, for a listing of one object and for one byte; with a URL, for that image. Writes and stores
   * nothing, and counts as no use of an image. Ends within ten seconds once it has begun. Callers with the same question share one answer,
   * and one question is answered at a time.
   * @param url any URL of an image; without one, the installation is examined
   * @param onCheck called for each check as it ends, also for those that have ended before the call
   * @throws ImageCacheError OVERLOADED when too many other questions wait, ABORTED when the doctor is closed
   */
  examine(url?: string, onCheck?: (check: DoctorCheck) => void): Promise<DoctorAnswer>;
  /** Ends what runs. */
  close(): void;
}

interface Run {
  readonly settled: DoctorCheck[];
  readonly listeners: Set<(check: DoctorCheck) => void>;
  readonly answer: Promise<DoctorAnswer>;
}

export function createDoctor(installation: Installation): Doctor {
  const runs = new Map<string | undefined, Run>();
  const oneAtATime = createMutex();
  const closed = new AbortController();

  async function run(url: string | undefined, tell: (check: DoctorCheck) => void): Promise<DoctorAnswer> {
    if (closed.signal.aborted) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
    const ending = new AbortController();
    setMaxListeners(0, ending.signal); // each check, and each request, has one
    const end = () => ending.abort();
    closed.signal.addEventListener('abort', end, { once: true });
    try {
      const asked =
        url === undefined
          ? installationChecks(installation, ending.signal)
          : explainChecks(installation, url, ending.signal);
      const { clock } = installation.probes;
      const counts = countFor(installation);
      const checks = await runChecks(asked, { clock, ending, onSettled: tell });
      const ok = checks.every(({ status }) => status !== 'fail');
      const counted = await Promise.race([counts, clock.sleep(MOMENT_MS).then(() => undefined)]);
      return { ok, checks, environment: environmentText(installation, checks, counted) };
    } finally {
      closed.signal.removeEventListener('abort', end);
    }
  }

  function begin(url: string | undefined): Run {
    if (runs.size >= MAX_QUESTIONS) {
      throw new ImageCacheError('OVERLOADED', 'Too many other questions wait for the doctor.', {
        hint: 'Ask again in a minute.',
      });
    }
    const settled: DoctorCheck[] = [];
    const listeners = new Set<(check: DoctorCheck) => void>();
    const tell = (check: DoctorCheck) => {
      settled.push(check);
      for (const listener of listeners) listener(check);
    };
    const answer = oneAtATime(() => run(url, tell)).finally(() => runs.delete(url));
    const begun = { settled, listeners, answer };
    runs.set(url, begun);
    return begun;
  }

  return {
    async examine(url, onCheck) {
      const running = runs.get(url) ?? begin(url);
      if (onCheck === undefined) return running.answer;
      for (const check of running.settled) onCheck(check);
      running.listeners.add(onCheck);
      try {
        return await running.answer;
      } finally {
        running.listeners.delete(onCheck);
      }
    },
    close: () => closed.abort(),
  };
}
