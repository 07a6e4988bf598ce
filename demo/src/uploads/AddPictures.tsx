import { ImageUploadsProvider } from 'vite-plugin-image-cache/uploads';
import type { NetworkFaults, NetworkState } from '../../api.ts';
import '../styles/uploads.css';
import { uploads } from './demoUploads.ts';
import { FaultSwitches } from './FaultSwitches.tsx';
import { PickPictures } from './PickPictures.tsx';
import { PictureList } from './PictureList.tsx';
import { SyncLine } from './SyncLine.tsx';

export interface AddPicturesProps {
  /** Nothing when it cannot be switched. */
  network: NetworkState | undefined;
  onNetworkChange: (faults: Partial<NetworkFaults>) => void;
}

/** Pictures go in here, and cannot get lost: whatever is switched off, and whenever the page is reloaded. */
export function AddPictures({ network, onNetworkChange }: AddPicturesProps) {
  return (
    <ImageUploadsProvider uploads={uploads}>
      <article className="add" data-testid="add-pictures">
        <title>Add pictures · vite-plugin-image-cache</title>
        <header className="page-head">
          <h1>Add pictures</h1>
          <p className="lead">
            A picture is saved in this browser first, then goes to the dev server, then to the bucket. Break any of the
            three, reload in the middle, restart the server: it goes on where it was.
          </p>
        </header>
        <PickPictures />
        <FaultSwitches network={network} onNetworkChange={onNetworkChange} />
        <SyncLine />
        <PictureList />
      </article>
    </ImageUploadsProvider>
  );
}
