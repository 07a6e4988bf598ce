import type { ServerError } from '../server/serverError.ts';

/** What a call was refused for, in the words of the server. */
export function Refusal({ error, onRetry }: { error: ServerError; onRetry?: () => void }) {
  return (
    <div className="note note-fail" role="alert">
      <p>
        <strong>{error.message}</strong>
      </p>
      {error.hint !== undefined && <p>{error.hint}</p>}
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
