import type { SceneBrowser } from './browsers/browser.ts';
import { compare, comparePixels, type Difference } from './compare.ts';
import { Expectations } from './expectations.ts';
import type { Aspect, Scene } from './page/scene.ts';
import { type Eye, type Observation, pause, runSide } from './runSide.ts';
import type { Stage } from './stage.ts';

/** How long to go on looking, from when S3 has last sent anything. It is longer for an `<img>`, which does not tell when it is too early to look. */
const REST_MS = 20_000;
const ALIKE_MS = 10_000;
/** How many times that in all. */
const AT_MOST = 3;

/** For images: browsers open six to an HTTP/1.1 host, and one of them is the page's event stream. */
const CONNECTIONS = 5;

interface Expected {
  observation: Observation;
  /** Unless pixels are not steady. */
  screenshot: Buffer | undefined;
}

/**
 * Plays a scene with an `<img>`, then with ours, which must become the same at each step within some seconds, and stay so.
 * @returns what is other, step by step; nothing if all is well
 */
export async function playScene(stage: Stage, browser: SceneBrowser, given: Scene): Promise<string[]> {
  const unsteady = browser.name === 'chromium' ? [] : (given.except?.[browser.name]?.unsteady ?? []);
  const scene = { ...given, unsteady: [...(given.unsteady ?? []), ...unsteady] };
  const expected = new Map<string, Expected>();
  const arePixelsCompared = !scene.unsteady?.includes('pixels');
  await runSide(stage, browser, scene, 'plain', async (step, eye) => {
    const observation = await untilAtRest(eye);
    expected.set(step.name, { observation, screenshot: arePixelsCompared ? await eye.screenshot() : undefined });
  });
  const found: string[] = [];
  const expectations = new Expectations(scene, browser.name);
  await runSide(stage, browser, scene, 'ours', async ({ name }, eye) => {
    const plain = expected.get(name);
    if (!plain) throw new Error(`The <img> has not been at '${name}'.`);
    const mayDiffer = expectations.mayDiffer(name);
    const mustDiffer = expectations.mustDiffer(name);
    const differences = await untilAlike(scene, eye, plain, { mayDiffer, mustDiffer });
    const wrong = summarize(differences.filter(({ aspect }) => !mayDiffer.includes(aspect)));
    found.push(...wrong.map((what) => `${name}: ${what}`));
    expectations.note(
      name,
      differences.map(({ aspect }) => aspect),
    );
  });
  return found.length > 0 ? found : expectations.unused();
}

/** An `<img>` has come to rest when it does nothing that it will not go on doing, and two looks see the same. */
async function untilAtRest(eye: Eye): Promise<Observation> {
  const patience = new Patience(REST_MS);
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
  // Not which: a `srcset` asks for another one than the element's own.
  const asked = held.filter((n) => (requests[n] ?? 0) > 0);
  return asked.length < Math.min(new Set(loading).size, CONNECTIONS);
}

/** Waits until nothing differs that may not, and all that must, and so it still is a moment later. @returns all that differs then */
async function untilAlike(
  scene: Scene,
  eye: Eye,
  plain: Expected,
  { mayDiffer, mustDiffer }: { mayDiffer: readonly Aspect[]; mustDiffer: readonly Aspect[] },
): Promise<Difference[]> {
  const isAsExpected = (differences: Difference[], isWithPixels: boolean): boolean => {
    const aspects = new Set(differences.map(({ aspect }) => aspect));
    const due = mustDiffer.filter((aspect) => isWithPixels || aspect !== 'pixels');
    return due.every((aspect) => aspects.has(aspect)) && [...aspects].every((aspect) => mayDiffer.includes(aspect));
  };
  const patience = new Patience(ALIKE_MS);
  let wasAlike = false;
  for (;;) {
    const ours = await eye.look();
    const differences = compare(scene, plain.observation, ours);
    let isAlike = isAsExpected(differences, false);
    if (isAlike && wasAlike && plain.screenshot) {
      differences.push(...(await comparePixels(plain.screenshot, await eye.screenshot())));
      isAlike = isAsExpected(differences, true);
    }
    if (isAlike ? wasAlike : patience.isOver(ours)) return differences;
    wasAlike = isAlike;
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

class Patience {
  readonly #timeoutMs: number;
  readonly #start = performance.now();
  #lastSending = performance.now();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  isOver({ isSending }: Observation): boolean {
    const now = performance.now();
    if (isSending) this.#lastSending = now;
    return now > Math.min(this.#lastSending + this.#timeoutMs, this.#start + AT_MOST * this.#timeoutMs);
  }
}
