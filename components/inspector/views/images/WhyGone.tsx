import type { EntryAnswer } from '../../../../plugin/inspectorProtocol.ts';
import { formatMiss } from '../../format/words.ts';

/** Why an image is not in the cache. */
export function WhyGone({ answer, now }: { answer: EntryAnswer; now: number }) {
  const { reason } = answer;
  return (
    <p className="note">
      {reason === undefined || reason === 'first_seen'
        ? 'It is not in the cache, and nothing is known of an earlier copy.'
        : `It is not in the cache: ${formatMiss(answer, now)}.`}
    </p>
  );
}
