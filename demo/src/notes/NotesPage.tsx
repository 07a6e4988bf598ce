import { useEffect } from 'react';
import { imageRefsIn, ImageUploadsProvider } from 'vite-plugin-image-cache/uploads';
import type { NetworkFaults, NetworkState } from '../../api.ts';
import '../styles/uploads.css';
import '../styles/notes.css';
import { notes, uploads } from '../uploads/demoUploads.ts';
import { FaultSwitches } from '../uploads/FaultSwitches.tsx';
import { SyncLine } from '../uploads/SyncLine.tsx';
import { BucketPanel } from './BucketPanel.tsx';
import { createNoteSync } from './createNoteSync.ts';
import { entityOf } from './note.ts';
import { notesBackend } from './notesBackend.ts';
import { NotesDesk } from './NotesDesk.tsx';
import { useBucket } from './useBucket.ts';

const sync = createNoteSync({
  store: notes,
  backend: notesBackend,
  onServerId: (note, serverId) => uploads.bindEntity(entityOf(note), serverId),
  onDeleted: (note) => uploads.removeEntity(entityOf(note), { imageIds: imageRefsIn(note.text) }),
  onSynced: () => uploads.notifySynced(),
});

export interface NotesPageProps {
  /** The id of a note; without it the newest one is shown. */
  chosen: string | undefined;
  /** Nothing when it cannot be switched. */
  network: NetworkState | undefined;
  onNetworkChange: (faults: Partial<NetworkFaults>) => void;
}

/** An app for notes that works without a network: text and pictures are saved here first, and meet the backend and the bucket later. */
export function NotesPage({ chosen, network, onNetworkChange }: NotesPageProps) {
  useEffect(() => sync.start(), []);
  const pictures = useBucket();
  return (
    <article className="add notes" data-testid="notes">
      <title>Notes · vite-plugin-image-cache</title>
      <header className="page-head">
        <h1>Notes</h1>
        <p className="lead">
          Text and pictures are saved in this browser first. A note gets its id from the backend two seconds after it
          was begun; its pictures do not wait for that. When the bucket has a picture, its URL is written into the note,
          and whatever you type meanwhile stays.
        </p>
      </header>
      <FaultSwitches network={network} onNetworkChange={onNetworkChange} />
      <ImageUploadsProvider uploads={uploads}>
        <SyncLine />
      </ImageUploadsProvider>
      <NotesDesk notes={notes} uploads={uploads} chosen={chosen}>
        <BucketPanel pictures={pictures} />
      </NotesDesk>
    </article>
  );
}
