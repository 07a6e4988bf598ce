import { ImageCacheError } from './errors.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes an error of the configuration what the developer wants to read of it in the terminal: what is wrong and what to do, in
 * its message, which is all that Vite prints when a restart fails; and not ten lines of stack and the fields of the object, which
 * Vite and Node print otherwise.
 */
export function startError(error: unknown): unknown {
  if (!(error instanceof ImageCacheError)) return error;
  const { message, hint } = error;
  const value = hint === undefined ? message : `${message} ${hint}`;
  return Object.defineProperties(error, {
    message: { value },
    stack: { value },
    [INSPECT]: { value: () => value },
  });
}

/** Runs what checks the configuration. @throws what `check` throws, as {@link startError} */
export function checkAtStart<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw startError(error);
  }
}
