/** Work that is done once at a time for each key, however many ask for it: a call that comes while it runs shares the run. */
export class SingleFlight<Result> {
  readonly #running = new Map<string, Promise<Result>>();

  /** Starts the task, or joins the run that is under way for the same key. A failure is told to all who share it, and forgotten. */
  run(task: () => Promise<Result>, key = ''): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = task().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  /** The run that is under way, if there is one. */
  running(key = ''): Promise<Result> | undefined {
    return this.#running.get(key);
  }
}
