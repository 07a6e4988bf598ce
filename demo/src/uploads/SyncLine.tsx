import { useUploadStatus } from 'vite-plugin-image-cache/uploads';
import { formatFileSize } from '../format.ts';

/** How all of them are, in a sentence; a screen reader hears it when it changes. */
export function SyncLine() {
  const { network, counts, bytesPending, blocked, storage } = useUploadStatus();
  const moving = counts.saving + counts.pending + counts.uploading + counts.processing;
  const stuck = counts.blocked + counts.failed;
  const waiting = moving + stuck;
  const sentences = [
    waiting === 0 && (counts.uploaded === 0 ? 'Nothing to upload.' : 'Every picture is in the bucket.'),
    moving > 0 && `${moving} ${moving === 1 ? 'picture is' : 'pictures are'} on the way.`,
    stuck > 0 && `${stuck} ${stuck === 1 ? 'picture waits' : 'pictures wait'} for something to be done.`,
    waiting > 0 && `${formatFileSize(bytesPending)} not in the bucket yet.`,
    waiting > 0 && network === 'offline' && 'The browser is offline; it goes on by itself.',
    waiting > 0 && network === 'unreachable' && 'Nothing answers at the moment; it is tried again by itself.',
    blocked !== undefined && `${blocked.message} ${blocked.hint ?? ''}`,
  ];
  return (
    <output className="sync" data-network={network} data-testid="sync-line">
      {sentences.filter(Boolean).join(' ')}
      {waiting > 0 && !storage.persisted && (
        <small> Until then, this browser may evict what is stored when its disk is nearly full.</small>
      )}
    </output>
  );
}
