/** A piece of a line: text, or a picture. */
type Piece = { type: 'text'; text: string } | PicturePiece;

export interface PicturePiece {
  type: 'picture';
  /** The same for a picture's reference and for its URL, so that the element stays when one takes the place of the other. */
  key: string;
  alt: string;
  url: string;
  /** As it is written. */
  source: string;
}

export interface Block {
  /** That of its first picture, so that the picture stays when a paragraph is written above it. */
  readonly key: string;
  readonly isHeading: boolean;
  readonly pieces: readonly Piece[];
}

const PICTURE = /!\[([^\]\n]*)\]\(([^\s()]+)\)/g;

/**
 * The little of Markdown that the demo shows: headings, paragraphs, pictures. Everything else is text; React shows it as such, so nothing that
 * a note says becomes HTML.
 */
export function parseNote(text: string): readonly Block[] {
  const seen = new Map<string, number>();
  const keyOf = (url: string): string => {
    const name = url.split('/').at(-1) ?? url;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return `${name} ${count}`;
  };
  return text
    .split(/\r?\n\s*\n/)
    .flatMap((part) => part.split(/(?<=^#.*)\r?\n/m))
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part, index) => {
      const pieces = piecesOf(part.replace(/^#+\s*/, ''), keyOf);
      const picture = pieces.find((piece) => piece.type === 'picture');
      return { key: picture?.key ?? `text ${index}`, isHeading: part.startsWith('#'), pieces };
    });
}

function piecesOf(part: string, keyOf: (url: string) => string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: source, 1: alt = '', 2: url = '', index } of part.matchAll(PICTURE)) {
    if (index > end) pieces.push({ type: 'text', text: part.slice(end, index) });
    pieces.push({ type: 'picture', key: keyOf(url), alt, url, source });
    end = index + source.length;
  }
  if (end < part.length) pieces.push({ type: 'text', text: part.slice(end) });
  return pieces;
}
