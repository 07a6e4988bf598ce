import type { ReactNode } from 'react';
import { formatBytes } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { Icon } from '../../parts/Icon.tsx';
import { Name } from '../../parts/Name.tsx';
import { Sentences } from '../../parts/Sentences.tsx';

interface UploadRowProps {
  filename: string;
  state: string;
  isFault: boolean;
  size: number | undefined;
  /** What else is known; what is not is left out. */
  note: readonly (string | false | undefined)[];
  error: { readonly message: string; readonly hint?: string | undefined } | null | undefined;
  thumb?: ReactNode;
  onRetry?: (() => void) | undefined;
  onExport?: (() => void) | undefined;
  onDiscard?: (() => void) | undefined;
}

/** A picture on its way, and what can be done with it. */
export function UploadRow({ filename, state, isFault, size, note, error, thumb, ...actions }: UploadRowProps) {
  const { onRetry, onExport, onDiscard } = actions;
  const facts = [size !== undefined && formatBytes(size), ...note].filter((text) => typeof text === 'string');
  return (
    <li className="upload">
      {thumb === undefined ? <span /> : <span className="upload-thumb">{thumb}</span>}
      <div className="upload-text">
        <Name text={filename} />
        <p className="muted">
          <span className={isFault ? 'text-fail' : undefined}>{state}</span>
          {facts.map((fact) => ` · ${printable(fact, 100)}`)}
        </p>
        {error && (
          <p>
            <Sentences text={error.message} maxLength={400} />{' '}
            {error.hint !== undefined && <Sentences text={error.hint} maxLength={400} />}
          </p>
        )}
      </div>
      <div className="actions">
        {onRetry && (
          <button type="button" className="button" onClick={onRetry}>
            <Icon name="refresh" />
            Retry
          </button>
        )}
        {onExport && (
          <button type="button" className="button quiet" onClick={onExport}>
            <Icon name="download" />
            Export
          </button>
        )}
        {onDiscard && (
          <button type="button" className="button quiet" onClick={onDiscard}>
            <Icon name="trash" />
            Discard
          </button>
        )}
      </div>
    </li>
  );
}
