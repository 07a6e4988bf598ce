import { openStage, type Stage, type StageOptions } from './stage.ts';

/** As many stages as scenes are played at a time, so that none waits for the images of another: a server downloads so many at once. */
export class StagePool {
  readonly #options: StageOptions;
  readonly #all: Promise<Stage>[] = [];
  readonly #idle: Stage[] = [];

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** Lends a stage that no other scene uses meanwhile. */
  async use<Result>(play: (stage: Stage) => Promise<Result>): Promise<Result> {
    const stage = this.#idle.pop() ?? (await this.#open());
    try {
      return await play(stage);
    } finally {
      this.#idle.push(stage);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(async (stage) => (await stage).close()));
  }

  #open(): Promise<Stage> {
    const stage = openStage(this.#options);
    this.#all.push(stage);
    return stage;
  }
}
