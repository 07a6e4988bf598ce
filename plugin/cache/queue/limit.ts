/**
 * Runs tasks with limited concurrency, as made by `p-limit`. The declarations must not name its own type, because the package is
 * bundled and not installed.
 */
export type Limit = <Result>(task: () => Result | PromiseLike<Result>) => Promise<Result>;
