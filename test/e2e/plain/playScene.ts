import type { SceneBrowser } from './browsers/browser.ts';
import { compare, comparePixels, type Difference } from './compare.ts';
import type { Aspect, Scene } from './page/scene.ts';
import { type Eye, type Observation, pause, runSide } from './runSide.ts';
import type { Stage } from './stage.ts';

/** How long something may take from when S3 has last sent anything. */
const TIMEOUT_MS = 8_000;
/** How long it may take in all. */
const TOTAL_TIMEOUT_MS = 30_000;

/** That browsers open to an HTTP/1.1 host. */
const CONNECTIONS = 6;

interface Expected {
  observation: Observation;
  screenshot: Buffer;
}

/**
 * Plays a scene with an `<img>`, then with ours, which must become the same at each step within some seconds, and stay so.
 * @returns what is other, step by step; nothing if all is well
 */
export async function playScene(stage: Stage, browser: SceneBrowser, scene: Scene): Promise<string[]> {
  const expected = new Map<string, Expected>();
  await runSide(stage, browser, scene, 'plain', async (step, eye) => {
    expected.set(step.name, { observation: await untilAtRest(eye), screenshot: await eye.screenshot() });
  });
  const found: string[] = [];
  const { '*': anywhere = [], ...differs } = scene.differs ?? {};
  const unused = new Set<string>(anywhere);
  await runSide(stage, browser, scene, 'ours', async ({ name }, eye) => {
    const plain = expected.get(name);
    if (!plain) throw new Error(`The <img> has not been at '${name}'.`);
    const here = differs[name] ?? [];
    const mayDiffer = [...anywhere, ...here];
    const differences = await untilAlike(scene, eye, plain, mayDiffer);
    const wrong = summarize(differences.filter(({ aspect }) => !mayDiffer.includes(aspect)));
    found.push(...wrong.map((what) => `${name}: ${what}`));
    const seen = new Set<string>(differences.map(({ aspect }) => aspect));
    for (const aspect of seen) unused.delete(aspect);
    for (const aspect of here) if (!seen.has(aspect)) unused.add(`${aspect} at '${name}'`);
  });
  // What is allowed and not needed would hide what comes later. Other browsers may need less.
  if (browser.name !== 'chromium' || found.length > 0) return found;
  return Array.from(unused, (aspect) => `${aspect}: may differ by the scene, and does not`);
}

/** An `<img>` has come to rest when it does nothing that it will not go on doing, and two looks see the same. */
async function untilAtRest(eye: Eye): Promise<Observation> {
  const patience = new Patience();
  let before = await eye.look();
  for (;;) {
    await pause();
    const now = await eye.look();
    const isAtRest = !isLoading(now) && JSON.stringify(now) === JSON.stringify(before);
    if (isAtRest || patience.isOver(now)) return now;
    before = now;
  }
}

/** Whether S3 has still to send something, or to be asked for it. */
function isLoading({ isSending, held, requests, loading }: Observation): boolean {
  if (isSending || loading.some((n) => !held.includes(n))) return true;
  const asked = loading.filter((n) => (requests[n] ?? 0) > 0);
  return asked.length < Math.min(loading.length, CONNECTIONS);
}

/** Waits until nothing differs that may not, and still does not a moment later. @returns all that differs then */
async function untilAlike(
  scene: Scene,
  eye: Eye,
  plain: Expected,
  mayDiffer: readonly Aspect[],
): Promise<Difference[]> {
  const patience = new Patience();
  let isAlike = false;
  for (;;) {
    const ours = await eye.look();
    const differences = compare(scene, plain.observation, ours);
    if (!differences.some(({ aspect }) => !mayDiffer.includes(aspect))) {
      differences.push(...(await comparePixels(plain.screenshot, await eye.screenshot())));
    }
    const wasAlike = isAlike;
    isAlike = !differences.some(({ aspect }) => !mayDiffer.includes(aspect));
    if ((isAlike && wasAlike) || patience.isOver(ours)) return differences;
    await pause();
  }
}

/** One of each aspect, and of how many more the same is true. */
function summarize(differences: Difference[]): string[] {
  const aspects = [...new Set(differences.map(({ aspect }) => aspect))];
  return aspects.map((each) => {
    const [first, ...more] = differences.filter(({ aspect }) => aspect === each);
    return more.length === 0 ? (first?.what ?? '') : `${first?.what} (and of ${more.length} more)`;
  });
}

/** How long to go on looking. */
class Patience {
  readonly #start = performance.now();
  #lastSending = performance.now();

  isOver({ isSending }: Observation): boolean {
    const now = performance.now();
    if (isSending) this.#lastSending = now;
    return now > Math.min(this.#lastSending + TIMEOUT_MS, this.#start + TOTAL_TIMEOUT_MS);
  }
}
