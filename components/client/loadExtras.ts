type Extras = typeof import('./extras.ts');

let extras: Promise<Extras> | undefined;

/**
 * Loads {@link file://./extras.ts}: in a chunk of its own, once, unless that has failed. A page of images asks for it all
 * at once; as they share one promise, what they do with it happens at once, too.
 */
export function loadExtras(): Promise<Extras> {
  extras ??= import('./extras.ts');
  extras.catch(() => (extras = undefined));
  return extras;
}

/** Does without what cannot be loaded. */
export function withExtras(use: (extras: Extras) => unknown): void {
  loadExtras().then(use, () => undefined);
}
