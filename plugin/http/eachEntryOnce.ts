import type { PrefetchAnswerResult, PrefetchResult } from '../protocol.ts';

/**
 * Makes what shortens the results of one answer, in the order in which they are told: an object that was named thousands of times, in
 * whichever spelling, is told of once, so that a short request gets no long answer (S5).
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
