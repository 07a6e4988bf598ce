import { useUploadStatus } from 'vite-plugin-image-cache/uploads';
import { formatFileSize } from '../format.ts';

/** How all of them are, in a sentence; a screen reader hears it when it changes. */
export function SyncLine() {
  const { network, counts, bytesPending, blocked, storage } = useUploadStatus();
  const waiting =
    counts.saving + counts.pending + counts.uploading + counts.processing + counts.blocked + counts.failed;
  return (
    <output className="sync" data-network={network} data-testid="sync-line">
      {waiting === 0 && counts.uploaded === 0 && 'Nothing to upload.'}
      {waiting === 0 && counts.uploaded > 0 && 'Every picture is in the bucket.'}
      {waiting > 0 &&
        `${waiting} ${waiting === 1 ? 'picture is' : 'pictures are'} on the way, ${formatFileSize(bytesPending)}.`}{' '}
      {waiting > 0 && network === 'offline' && 'The browser is offline; it goes on by itself.'}
      {waiting > 0 && network === 'unreachable' && 'Nothing answers at the moment; it is tried again by itself.'}
      {blocked !== undefined && `${blocked.message} ${blocked.hint ?? ''}`}
      {!storage.persisted && <small> This browser may evict what is stored when its disk is nearly full.</small>}
    </output>
  );
}
