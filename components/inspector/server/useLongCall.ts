import { useEffect, useRef, useState } from 'react';
import { type ServerError, toServerError } from './serverError.ts';

export interface LongCall<Result> {
  /** Of the last call, as long as no other one runs. */
  result: Result | undefined;
  error: ServerError | undefined;
  /** Calls the server. The promise is fulfilled when the call is over, also after a refusal. */
  run(call: (signal: AbortSignal) => Promise<Result | undefined>): Promise<void>;
}

/** A call that takes a while, and that somebody begins. It is aborted when its view is closed, and then says nothing. */
export function useLongCall<Result>(): LongCall<Result> {
  const [result, setResult] = useState<Result>();
  const [error, setError] = useState<ServerError>();
  const control = useRef<AbortController>(undefined);
  useEffect(() => () => control.current?.abort(), []);

  return {
    result,
    error,
    async run(call) {
      const own = (control.current = new AbortController());
      setResult(undefined);
      setError(undefined);
      try {
        const answer = await call(own.signal);
        setResult(answer);
      } catch (thrown) {
        if (!own.signal.aborted) setError(toServerError(thrown));
      }
    },
  };
}
