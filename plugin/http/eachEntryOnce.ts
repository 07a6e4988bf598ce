import type { PrefetchAnswerResult, PrefetchResult } from '../protocol.ts';

/**
 * Creates a function that shortens the results of one answer, to be called in their order. The entry of an object that a request
 * names thousands of times, in any spelling, is sent only once, so that a short request cannot get a long answer (S5).
 */
export function eachEntryOnce(): (index: number, result: PrefetchResult) => PrefetchAnswerResult {
  const told = new Map<string, number>();
  return (index, result) => {
    if (result.status === 'failed') return result;
    const first = told.get(result.entry.s3_url);
    if (first === undefined) {
      told.set(result.entry.s3_url, index);
      return result;
    }
    const { entry: _, ...rest } = result;
    return { ...rest, same_as: first };
  };
}
