import { useEffect, useState } from 'react';
import { useLatest } from '../../useLatest.ts';
import type { Server } from './server.ts';
import { type ServerError, toServerError } from './serverError.ts';
import { useServer } from './serverContext.tsx';

export interface AnswerState<Answer> {
  /** The last answer, also while a newer one is asked for, or after a failure. */
  readonly answer: Answer | undefined;
  readonly error: ServerError | undefined;
  readonly isLoading: boolean;
  /** Asks again. */
  readonly reload: () => void;
}

/**
 * Asks the server when the view is shown, when `key` changes, and every `everyMs` while the page is visible.
 * @param key what is asked for; with another one, the old answer is no longer shown
 */
export function useAnswer<Answer>(
  key: string,
  ask: (server: Server, signal: AbortSignal) => Promise<Answer>,
  everyMs?: number,
): AnswerState<Answer> {
  const server = useServer();
  const latest = useLatest(ask);
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ key: string; answer?: Answer; error?: ServerError; turn: number }>();

  useEffect(() => {
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      try {
        const answer = await latest.current(server, control.signal);
        if (!control.signal.aborted) setState({ key, answer, turn });
      } catch (thrown) {
        if (control.signal.aborted) return;
        const error = toServerError(thrown);
        setState((last) => ({ ...(last?.key === key ? last : undefined), key, error, turn }));
      }
    };
    const repeat = async (): Promise<void> => {
      if (document.visibilityState !== 'hidden') await load();
      if (everyMs !== undefined && !control.signal.aborted) timer = setTimeout(() => void repeat(), everyMs);
    };
    void repeat();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [key, server, everyMs, turn, latest]);

  const current = state?.key === key ? state : undefined;
  return {
    answer: current?.answer,
    error: current?.error,
    isLoading: current === undefined || current.turn !== turn,
    reload: () => setTurn((last) => last + 1),
  };
}
