import type { StoryEvent } from '../../../../plugin/inspectorProtocol.ts';
import { printable } from '../../format/text.ts';
import { Ago } from '../../parts/Ago.tsx';

/** What has happened to an image, the newest last. */
export function Story({ events, now }: { events: readonly StoryEvent[]; now: number }) {
  if (events.length === 0) return null;
  return (
    <section>
      <h3>Story</h3>
      <ol className="story">
        {events.map(({ at, what, text }, index) => (
          // Two things may happen in one millisecond, and none is ever taken out.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={`${at} ${index}`} data-what={what}>
            <span className="dot" aria-hidden="true" />
            <span>{printable(text, 500)}</span>
            <Ago className="muted" at={at} now={now} />
          </li>
        ))}
      </ol>
    </section>
  );
}
