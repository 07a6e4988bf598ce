/**
 * Runs tasks, some at a time: what `p-limit` makes. Its own type must not be named in the declarations, since the package is
 * bundled and not installed.
 */
export type Limit = <Result>(task: () => Result | PromiseLike<Result>) => Promise<Result>;
