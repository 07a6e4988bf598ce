import type { Ref } from 'react';
import { useEntityImages } from 'vite-plugin-image-cache/uploads';
import { entityOf, type Note, titleOf } from './note.ts';

export interface NoteListProps {
  list: readonly Note[];
  /** The id of the note that is shown. */
  chosen: string | undefined;
  newButton: Ref<HTMLButtonElement>;
  onNew: () => void;
}

/** All notes, newest first, each with what it still waits for. */
export function NoteList({ list, chosen, newButton, onNew }: NoteListProps) {
  return (
    <nav className="note-list" aria-label="Notes">
      <button ref={newButton} type="button" onClick={onNew} data-testid="new-note">
        New note
      </button>
      {/* Safari takes the role from a list without markers. */}
      {/* oxlint-disable-next-line jsx-a11y/no-redundant-roles */}
      <ul role="list" data-grid>
        {list.map((note) => (
          <NoteLink key={note.id} note={note} isChosen={note.id === chosen} />
        ))}
      </ul>
    </nav>
  );
}

function NoteLink({ note, isChosen }: { note: Note; isChosen: boolean }) {
  const { pendingImageCount: count } = useEntityImages(entityOf(note));
  const waiting = count === 1 ? '1 picture waits' : `${count} pictures wait`;
  return (
    <li>
      <a href={`#/notes/${note.id}`} aria-current={isChosen ? 'true' : undefined} data-cell>
        <span className="title">{titleOf(note)}</span>
        <small>
          {note.serverId === undefined ? 'Only here so far' : `Note ${note.serverId}`}
          {count > 0 && ` · ${waiting}`}
        </small>
      </a>
    </li>
  );
}
