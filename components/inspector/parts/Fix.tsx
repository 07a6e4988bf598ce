import { printable } from '../format/text.ts';
import { CopyButton } from './CopyButton.tsx';

/** A line to copy that cures a problem: of the configuration, or a command. */
export function Fix({ text }: { text: string }) {
  return (
    <div className="fix">
      <pre>{printable(text, 2000)}</pre>
      <CopyButton text={text} label="Copy" of="Line" />
    </div>
  );
}
