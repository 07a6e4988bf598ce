import { printable, splitName } from '../format/text.ts';

/** A name of somebody else's, on one line, of which the end is always seen. It cannot reach into the text around it. */
export function Name({ text, className = '' }: { text: string; className?: string }) {
  const [start, end] = splitName(text);
  return (
    <bdi className={`name ${className}`} title={printable(text)}>
      <span className="name-start">{start}</span>
      {end !== '' && <span className="name-end">{end}</span>}
    </bdi>
  );
}
