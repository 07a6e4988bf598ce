/** Why a worker cannot be set up: an option is wrong. It is thrown while the worker starts, so the browser does not install that worker. */
export class ImageWorkerError extends Error {
  override readonly name = 'ImageWorkerError';
  readonly code = 'INVALID_OPTION';
  /** What to write. */
  readonly hint: string;

  /** @param option its name, or where it is in the options, e.g. `buckets[0].name` */
  constructor(option: string, problem: string, hint: string) {
    // The browser prints the message alone.
    super(`\`${option}\` ${problem}. ${hint}`);
    this.hint = hint;
  }
}

/** @throws ImageWorkerError */
export function refuse(option: string, problem: string, hint: string): never {
  throw new ImageWorkerError(option, problem, hint);
}

/** @throws ImageWorkerError if an object has a field that is not among those */
export function refuseOthers(object: object, names: readonly string[], at: string): void {
  const other = Object.keys(object).find((name) => !names.includes(name));
  if (other !== undefined) refuse(at + other, 'is not known here', `There are ${names.join(', ')}.`);
}
