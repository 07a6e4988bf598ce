/** Runs a function later; tests have a clock of their own. @returns a function that cancels it */
export type After = (ms: number, run: () => void) => () => void;

/** The real one. Its timer keeps no process alive. */
export const afterTimeout: After = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};
