/** Runs one task at a time for each key. A call that comes while the task runs shares its result. */
export class SingleFlight<Result> {
  readonly #running = new Map<string, Promise<Result>>();

  /** Starts the task, or joins the run for the same key. All callers of a run get its failure; the next call starts again. */
  run(task: () => Promise<Result>, key = ''): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = task().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  /** The current run, if there is one. */
  running(key = ''): Promise<Result> | undefined {
    return this.#running.get(key);
  }
}
