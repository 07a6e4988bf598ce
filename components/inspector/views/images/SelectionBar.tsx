import type { InspectedEntry } from '../../../../plugin/inspectorProtocol.ts';
import { plural } from '../../format/amounts.ts';
import { CopyButton } from '../../parts/CopyButton.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { useIsOffline } from '../../server/useIsOffline.ts';
import type { ImageActions } from './useImageActions.ts';

interface SelectionBarProps {
  selected: readonly InspectedEntry[];
  actions: ImageActions;
  onForget(urls: readonly string[]): void;
  onClear(): void;
}

/** What can be done to the images that are selected. */
export function SelectionBar({ selected, actions, onForget, onClear }: SelectionBarProps) {
  const urls = selected.map(({ s3_url }) => s3_url);
  const isOffline = useIsOffline();
  const arePinned = selected.every(({ pinned }) => pinned === true);
  return (
    <fieldset className="selection" aria-label="Selected images">
      <strong>{plural(selected.length, 'image')} selected</strong>
      <button type="button" className="button quiet" onClick={() => void actions.pin(urls, !arePinned)}>
        <Icon name="pin" />
        {arePinned ? 'Unpin' : 'Pin'}
      </button>
      <button type="button" className="button quiet" disabled={isOffline} onClick={() => void actions.refetch(urls)}>
        <Icon name="refresh" />
        Fetch again
      </button>
      <button type="button" className="button quiet" disabled={isOffline} onClick={() => void actions.ask(urls)}>
        <Icon name="help" />
        Ask the bucket
      </button>
      <CopyButton text={urls.join('\n')} label="URLs" />
      <button type="button" className="button quiet" disabled={isOffline} onClick={() => onForget(urls)}>
        <Icon name="trash" />
        Forget
      </button>
      <button type="button" className="button quiet icon-only" aria-label="Select none" onClick={onClear}>
        <Icon name="close" />
      </button>
    </fieldset>
  );
}
