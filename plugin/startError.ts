import { ImageCacheError } from './errors.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes an error in the configuration readable in the terminal. Its message says what is wrong and what to do about it, because
 * Vite prints only the message when a restart fails. At a start, Vite and Node would also print ten lines of stack and the fields
 * of the error; these are left out.
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

/** Runs a check of the configuration. @throws the error of `check`, changed by {@link startError} */
export function checkAtStart<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw startError(error);
  }
}
