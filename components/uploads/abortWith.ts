/**
 * Aborts a controller when a signal is aborted, and for the same reason: `AbortSignal.any()` is younger than the browsers that are supported.
 * @returns a function that ends it
 */
export function abortWith(signal: AbortSignal, abort: AbortController): () => void {
  const end = (): void => abort.abort(signal.reason);
  signal.addEventListener('abort', end);
  return () => signal.removeEventListener('abort', end);
}
