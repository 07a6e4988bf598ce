import { ImageCacheError } from '../errors.ts';
import type { DoctorCheck } from '../inspectorProtocol.ts';
import { type Check, fail, type Finding, skip } from './check.ts';
import type { Clock } from '../source/clock.ts';

/** How long a check may take, and all of them together. */
const CHECK_MS = 3_000;
const ALL_MS = 10_000;

/** A check that has ended, and the title of the failure that it comes from. */
interface Settled {
  check: DoctorCheck;
  cause: string | undefined;
}

/**
 * Runs the checks at the same time, each as soon as those that it depends on have not failed; those come before it in the list. Ends after
 * ten seconds at most, whatever hangs. Never rejects.
 * @param ending is aborted at the end, and ends everything when it is aborted
 * @param onSettled called for each check as it ends
 * @returns the answers in the order of the checks
 */
export async function runChecks(
  checks: readonly Check[],
  { clock, ending, onSettled }: { clock: Clock; ending: AbortController; onSettled(check: DoctorCheck): void },
): Promise<DoctorCheck[]> {
  const settled = new Map<string, Promise<Settled>>();
  void clock.sleep(ALL_MS, ending.signal).then(() => ending.abort());

  const find = ({ about }: Check, ids: readonly string[] = []) =>
    ids.flatMap((id) => settled.get(nameOf(id, about)) ?? settled.get(nameOf(id)) ?? []);

  async function settle(check: Check): Promise<Settled> {
    const failed = (await Promise.all(find(check, check.after))).find(({ cause }) => cause !== undefined);
    await Promise.all(find(check, check.waitsFor));
    const started = clock.now();
    const finding =
      failed?.cause === undefined ? await answer(check, clock, ending.signal) : skip(`“${failed.cause}” failed`);
    const { id, group, about, title } = check;
    const after = failed?.check.id ?? check.after?.[0];
    const answered: DoctorCheck = {
      id,
      group,
      ...(about !== undefined && { about }),
      title,
      ...finding,
      ...(after !== undefined && { after }),
      took_ms: Math.round(clock.now() - started),
    };
    onSettled(answered);
    return { check: answered, cause: finding.status === 'fail' ? title : failed?.cause };
  }

  for (const check of checks) settled.set(nameOf(check.id, check.about), settle(check));
  const all = await Promise.all(settled.values());
  ending.abort();
  return all.map(({ check }) => check);
}

async function answer(check: Check, clock: Clock, ending: AbortSignal): Promise<Finding> {
  const limit = new AbortController();
  const stop = () => limit.abort();
  ending.addEventListener('abort', stop, { once: true });
  if (ending.aborted) stop();
  const late = clock.sleep(CHECK_MS, limit.signal).then(() => check.late?.() ?? fail('It has not ended in time.'));
  // What fails because everything has ended is late, and nothing else.
  const found = run(check).then((finding) => (ending.aborted ? late : finding));
  const finding = await Promise.race([found, late]);
  stop();
  ending.removeEventListener('abort', stop);
  return finding;
}

async function run(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch (error) {
    return findingOf(error);
  }
}

/** A failure in the words of an error, from which secrets have been removed. */
export function findingOf(error: unknown): Finding {
  const { message, hint, fix } = ImageCacheError.from(error);
  return fail(message, hint, fix);
}

function nameOf(id: string, about = ''): string {
  return `${about}\n${id}`;
}
