import type { Aspect, Differing, Scene } from './page/scene.ts';

/** What may differ when a scene is played in some browser, and whether all of it has differed. */
export class Expectations {
  readonly #allowed: readonly Differing[];
  readonly #named: Differing;
  readonly #unseen = new Map<string, string>();

  constructor({ differs = {}, except }: Scene, browser: 'chromium' | 'firefox' | 'webkit') {
    const exception = browser === 'chromium' ? {} : (except?.[browser]?.differs ?? {});
    this.#allowed = [differs, exception];
    // What is allowed and not needed would hide what comes later. Other browsers than Chromium may need less of what holds for all.
    this.#named = browser === 'chromium' ? differs : exception;
    for (const [step, aspects] of Object.entries(this.#named)) {
      for (const aspect of aspects)
        this.#unseen.set(`${step} ${aspect}`, step === '*' ? aspect : `${aspect} at '${step}'`);
    }
  }

  mayDiffer(step: string): Aspect[] {
    return this.#allowed.flatMap((differs) => [...(differs['*'] ?? []), ...(differs[step] ?? [])]);
  }

  mustDiffer(step: string): readonly Aspect[] {
    return this.#named[step] ?? [];
  }

  /** Takes down what has differed at a step. */
  note(step: string, aspects: readonly Aspect[]): void {
    for (const aspect of aspects) {
      this.#unseen.delete(`* ${aspect}`);
      this.#unseen.delete(`${step} ${aspect}`);
    }
  }

  /** @returns what was named and has not differed, in words */
  unused(): string[] {
    return Array.from(this.#unseen.values(), (aspect) => `${aspect}: may differ by the scene, and does not`);
  }
}
