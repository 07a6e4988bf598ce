import { useCallback, useEffect, useRef, useState } from 'react';
import type { EntriesAnswer, InspectedEntry } from '../../../../plugin/inspectorProtocol.ts';
import { useServer } from '../../server/serverContext.tsx';
import { type ServerError, toServerError } from '../../server/serverError.ts';

const PAGE_SIZE = 200;

interface Loaded {
  readonly key: string;
  /** The first page: how many there are, and at which revision. */
  readonly first: EntriesAnswer;
  readonly pages: ReadonlyMap<number, readonly InspectedEntry[]>;
}

export interface Entries {
  /** `undefined` until the first page has come. */
  readonly first: EntriesAnswer | undefined;
  readonly error: ServerError | undefined;
  /** The entry at a place; `undefined` while its page has not come. */
  at(index: number): InspectedEntry | undefined;
  /** Says which entries are on the screen, so that their pages are asked for. */
  need(from: number, to: number): void;
  /** Asks for the newest state. What is shown stays until it has come. */
  reload(): void;
}

/**
 * The images of a query, page by page. All pages are of one revision, so that no row moves while somebody looks; `reload()` brings the
 * newest.
 */
export function useEntries(query: Readonly<Record<string, string>>): Entries {
  const server = useServer();
  const key = JSON.stringify(query);
  const [loaded, setLoaded] = useState<Loaded>();
  const [error, setError] = useState<ServerError>();
  const [turn, setTurn] = useState(0);
  const asked = useRef(new Set<string>());

  useEffect(() => {
    const control = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const first = await server.get<EntriesAnswer>('entries', JSON.parse(key), control.signal);
        asked.current.clear();
        setLoaded({ key, first, pages: new Map([[0, first.entries]]) });
        setError(undefined);
      } catch (thrown) {
        if (!control.signal.aborted) setError(toServerError(thrown));
      }
    };
    void load();
    return () => control.abort();
  }, [server, key, turn]);

  const current = loaded?.key === key ? loaded : undefined;

  const need = useCallback(
    (from: number, to: number) => {
      if (current === undefined) return;
      const { revision, reachable } = current.first;
      const last = Math.floor(Math.min(to, reachable - 1) / PAGE_SIZE);
      for (let page = Math.floor(from / PAGE_SIZE); page <= last; page += 1) {
        const name = `${revision} ${page}`;
        if (current.pages.has(page) || asked.current.has(name)) continue;
        asked.current.add(name);
        server.get<EntriesAnswer>('entries', { ...query, page, revision }).then(
          ({ entries }) => {
            setLoaded((last) => {
              if (last?.key !== key || last.first.revision !== revision) return last;
              return { ...last, pages: new Map(last.pages).set(page, entries) };
            });
          },
          // The revision may be too old for the server by now.
          () => asked.current.delete(name),
        );
      }
    },
    [current, key, query, server],
  );

  return {
    first: current?.first,
    error,
    at: (index) => current?.pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE],
    need,
    reload: () => setTurn((last) => last + 1),
  };
}
