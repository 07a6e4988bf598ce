import { printable } from '../format/text.ts';

/** What the server says, in which text between backticks is code, as in its terminal. */
export function Sentences({ text, maxLength }: { text: string; maxLength: number }) {
  // Every second piece was between two backticks. A single one stays as it is.
  const pieces = printable(text, maxLength).split(/`([^`]+)`/);
  return pieces.map((piece, index) => {
    const key = pieces.slice(0, index).join('').length;
    return index % 2 === 0 ? piece : <code key={key}>{piece}</code>;
  });
}
