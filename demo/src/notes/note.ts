/** A note as this browser keeps it. */
export interface Note {
  /** Made here: the backend's own id comes later. 16 hexadecimal digits. */
  readonly id: string;
  readonly serverId?: string | undefined;
  /** Markdown. */
  readonly text: string;
  /** Goes up with each change of the text. */
  readonly version: number;
  /** Which of them the backend has; 0 for none. */
  readonly syncedVersion: number;
  /** Gone for the user; the backend does not know it yet. */
  readonly isDeleted?: boolean | undefined;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What its pictures belong to. */
export function entityOf({ id, serverId }: Note): { type: string; id: string; serverId?: string | undefined } {
  return { type: 'note', id, serverId };
}

/** Its first line that has words, without Markdown. */
export function titleOf({ text }: Note): string {
  const lines = text.split('\n').map((line) =>
    line
      .replace(/!\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/^#+\s*/, '')
      .trim(),
  );
  return lines.find((line) => line !== '') ?? 'A new note';
}

/** A piece of Markdown that shows a picture. */
export function pictureMarkdown(filename: string, ref: string): string {
  const alt = filename.replace(/\.\w{1,5}$/, '').replace(/[[\]\\]/g, ' ');
  return `![${alt.trim()}](${ref})`;
}
