import type { ServerError } from '../server/serverError.ts';
import { Remedy } from './Remedy.tsx';
import { Sentences } from './Sentences.tsx';

/** What a call was refused for, in the words of the server. */
export function Refusal({ error, onRetry }: { error: ServerError; onRetry?: () => void }) {
  return (
    <div className="note note-fail" role="alert">
      <p>
        <strong>
          <Sentences text={error.message} maxLength={600} />
        </strong>
      </p>
      <Remedy hint={error.hint} />
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
