import { useRef } from 'react';
import type { AskAnswer, RefetchAnswer } from '../../../../plugin/inspectorProtocol.ts';
import type { ClearAnswer, InvalidateAnswer, PinAnswer } from '../../../../plugin/protocol.ts';
import { plural } from '../../format/amounts.ts';
import { useAnnounce } from '../../parts/announcer.tsx';
import { useRefreshLive, useServer } from '../../server/serverContext.tsx';
import { toServerError } from '../../server/serverError.ts';

export interface ImageActions {
  /** @returns whether it was done */
  pin(urls: readonly string[], pinned: boolean): Promise<boolean>;
  refetch(urls: readonly string[]): Promise<boolean>;
  /** Removes them from the cache; the bucket keeps them. @throws ServerError */
  forget(urls: readonly string[]): Promise<void>;
  ask(urls: readonly string[]): Promise<AskAnswer | undefined>;
  /** @throws ServerError */
  clear(actor: string | undefined): Promise<ClearAnswer>;
}

/** What can be done to images. The outcome is said, and what is under way is not done a second time. @param onDone after a change */
export function useImageActions(say: (text: string) => void, onDone: () => void): ImageActions {
  const server = useServer();
  const announce = useAnnounce();
  const refreshLive = useRefreshLive();
  const underWay = useRef(new Set<string>());

  function tell(text: string): void {
    say(text);
    announce(text);
  }

  async function once<Result>(name: string, run: () => Promise<Result>): Promise<Result | undefined> {
    if (underWay.current.has(name)) return undefined;
    underWay.current.add(name);
    try {
      return await run();
    } finally {
      underWay.current.delete(name);
      refreshLive();
    }
  }

  /** Does one after the other, so that many do not fill the connections that the app needs. Ends at the first refusal. */
  async function each<Result>(urls: readonly string[], run: (s3_url: string) => Promise<Result>): Promise<Result[]> {
    const results: Result[] = [];
    for (const url of urls) results.push(await run(url));
    return results;
  }

  async function tried(name: string, run: () => Promise<string>): Promise<boolean> {
    const done = await once(name, async () => {
      try {
        tell(await run());
        onDone();
        return true;
      } catch (error) {
        const { message, hint = '' } = toServerError(error);
        tell(`${message} ${hint}`.trim());
        return false;
      }
    });
    return done === true;
  }

  return {
    pin: (urls, pinned) =>
      tried(`pin ${urls.join(' ')}`, async () => {
        await each(urls, (s3_url) => server.send<PinAnswer>('POST', 'pin', { s3_url, pinned }));
        return `${plural(urls.length, 'image')} ${pinned ? 'pinned' : 'no longer pinned'}.`;
      }),
    refetch: (urls) =>
      tried(`refetch ${urls.join(' ')}`, async () => {
        const answers = await each(urls, (s3_url) => server.send<RefetchAnswer>('POST', 'refetch', { s3_url }));
        const changed = answers.filter(({ status }) => status !== 'unchanged');
        const isNew = changed.every(({ status }) => status === 'stored');
        if (changed.length === 0) return 'Fetched again: unchanged in the bucket.';
        return `${plural(changed.length, 'image')} ${isNew ? 'fetched' : 'replaced'}.`;
      }),
    async forget(urls) {
      await once(`forget ${urls.join(' ')}`, async () => {
        const answers = await each(urls, (s3_url) => server.send<InvalidateAnswer>('POST', 'invalidate', { s3_url }));
        const gone = answers.reduce((sum, { invalidated }) => sum + invalidated, 0);
        tell(gone === 0 ? 'It was not in the cache any more.' : `${plural(gone, 'image')} removed from the cache.`);
        onDone();
      });
    },
    ask: (urls) =>
      once('ask', async () => {
        try {
          const answer = await server.send<AskAnswer>('POST', 'ask', { s3_urls: urls.slice(0, 1000) });
          const present = answer.objects.filter(({ state }) => state === 'present').length;
          tell(`The bucket has ${present} of ${plural(answer.objects.length, 'object')} as cached.`);
          return answer;
        } catch (error) {
          tell(error instanceof Error ? error.message : String(error));
          return undefined;
        }
      }),
    async clear(actor) {
      const path = actor === undefined ? 'clear-all' : `clear/${encodeURIComponent(actor)}`;
      const answer = await server.send<ClearAnswer>('POST', path, {});
      tell(
        `${plural(answer.cleared, 'image')} removed${answer.kept > 0 ? `, ${answer.kept} kept for other actors` : ''}.`,
      );
      refreshLive();
      onDone();
      return answer;
    },
  };
}
