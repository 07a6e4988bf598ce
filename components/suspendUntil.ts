const settled = new WeakSet<Promise<unknown>>();

/** Suspends the component that is being rendered until the promise has settled, in React 18 and Preact, too: they have no `use()`. */
export function suspendUntil(promise: Promise<unknown>): void {
  if (settled.has(promise)) return;
  const note = (): void => void settled.add(promise);
  // oxlint-disable-next-line typescript/only-throw-error -- what Suspense is told by; `use()` does the same
  throw promise.then(note, note);
}
