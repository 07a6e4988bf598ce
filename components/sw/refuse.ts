/**
 * Refuses an option. It happens while the worker starts, so the browser does not install that worker, and keeps the one before it.
 * @param option its name, or where it is, e.g. `buckets[0].name`
 * @param hint what to write
 * @throws Error with the code `INVALID_OPTION` and the hint
 */
export function refuse(option: string, problem: string, hint: string): never {
  // The browser prints the message alone.
  throw Object.assign(new Error(`\`${option}\` ${problem}. ${hint}`), { code: 'INVALID_OPTION', hint });
}

/** @throws Error if an object has a field that is not among those */
export function refuseOthers(object: object, names: readonly string[], at: string): void {
  const other = Object.keys(object).find((name) => !names.includes(name));
  if (other !== undefined) refuse(at + other, 'is unknown', `There are ${names.join(', ')}.`);
}
