import { printable } from '../format/text.ts';
import { CopyButton } from './CopyButton.tsx';
import { Sentences } from './Sentences.tsx';

interface RemedyProps {
  hint: string | undefined;
  /** A line to copy that cures the problem: of the configuration, or a command. */
  fix?: string | undefined;
  maxHintLength?: number;
}

/** What to do about a problem, as far as that is known. */
export function Remedy({ hint, fix, maxHintLength = 800 }: RemedyProps) {
  return (
    <>
      {hint !== undefined && (
        <p>
          <Sentences text={hint} maxLength={maxHintLength} />
        </p>
      )}
      {fix !== undefined && (
        <div className="fix">
          <pre>{printable(fix, 2000)}</pre>
          <CopyButton text={fix} label="Copy" of="Line" />
        </div>
      )}
    </>
  );
}
