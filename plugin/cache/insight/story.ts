import type { Activity, StoryEvent } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { isFromPack } from '../manifest/manifestEntry.ts';
import { inWords, type MissExplanation } from './missReason.ts';

const MAX_EVENTS = 100;
/** An answer and the time in the entry are about the same event if they are this close. */
const SAME_MS = 5000;

export interface StorySources {
  entry: ManifestEntry | undefined;
  /** The answers that are remembered, the oldest first. */
  activity: readonly Activity[];
  /** Why the last copy left. */
  departure: MissExplanation;
  /** When its download was requested, if it waits or runs now. */
  queuedAt: number | undefined;
}

/** What has happened to an image, as far as it is known: the oldest first. */
export function storyOf({ entry, activity, departure, queuedAt }: StorySources): StoryEvent[] {
  const events = activity.map(eventOf);
  const isTold = (what: StoryEvent['what'], at: number) =>
    events.some((event) => event.what === what && Math.abs(event.at - at) < SAME_MS);
  if (departure.removed_at !== undefined) {
    const { reason, removed_at: at, cause } = departure;
    events.push({ at, what: 'removed', reason, text: sentence(inWords({ reason, ...(cause && { cause }) }, at)) });
  }
  if (entry !== undefined) {
    const { cached_at, validated_at, last_used_at } = entry;
    const stored = isFromPack(entry) ? 'Taken from a pack; S3 was never asked about it.' : 'Stored.';
    if (!isTold('stored', cached_at)) events.push({ at: cached_at, what: 'stored', text: stored });
    if (validated_at !== undefined && !isFromPack(entry) && !isTold('validated', validated_at))
      events.push({ at: validated_at, what: 'validated', text: 'S3 said that it has not changed.' });
    if (last_used_at > cached_at + SAME_MS && !isTold('served', last_used_at))
      events.push({ at: last_used_at, what: 'served', text: 'Used for the last time so far.' });
  }
  if (queuedAt !== undefined) events.push({ at: queuedAt, what: 'queued', text: 'Its download was requested.' });
  return events.toSorted((a, b) => a.at - b.at).slice(-MAX_EVENTS);
}

function eventOf(answer: Activity): StoryEvent {
  const { at, reason } = answer;
  return { at, ...describe(answer), ...(reason !== undefined && { reason }) };
}

function describe(answer: Activity): Pick<StoryEvent, 'what' | 'text'> {
  const { at, outcome, tier, reason, code, detail = '' } = answer;
  const took = tookOf(answer);
  switch (outcome) {
    case 'FAILED':
      return { what: 'failed', text: `${code ?? 'Failed'}: ${detail}` };
    case 'MISS':
    case 'PREFETCHED': {
      const { removed_at, cause } = answer;
      const known =
        reason === undefined || reason === 'first_seen'
          ? undefined
          : { reason, ...(removed_at && { removed_at }), ...(cause && { cause }) };
      const why = known === undefined ? '' : ` It was not there: ${inWords(known, at)}.`;
      return { what: 'stored', text: `${outcome === 'MISS' ? 'Stored' : 'Prefetched'}${took}.${why}` };
    }
    case 'REVALIDATED':
      return tier === 's3'
        ? { what: 'stored', text: `It had changed in S3, and was replaced${took}.` }
        : { what: 'validated', text: `S3 said${took} that it has not changed.` };
    case 'STALE':
      return { what: 'served', text: `Served${took}, while S3 was asked whether it has changed.` };
    default: {
      const times = answer.count === undefined ? '' : ` ${answer.count} times`;
      return { what: 'served', text: `Served from ${tier ?? 'the cache'}${times}${took}.` };
    }
  }
}

function tookOf({ duration_ms, queue_ms }: Activity): string {
  if (duration_ms === undefined) return '';
  const queued = queue_ms === undefined || queue_ms < 1 ? '' : ` (${Math.round(queue_ms)} ms of them in the queue)`;
  return ` after ${Math.round(duration_ms)} ms${queued}`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
