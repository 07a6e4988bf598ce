import { useState } from 'react';
import { imageCache, type CacheStats } from 'vite-plugin-image-cache/react';
import type { NetworkFaults, NetworkState } from '../api.ts';
import { CurlAction } from './CurlAction.tsx';
import { formatBytes, formatCount } from './format.ts';
import { inspectorUrl } from './inspector.ts';
import { NetworkSwitch } from './NetworkSwitch.tsx';
import { PrefetchPanel } from './PrefetchPanel.tsx';

export interface HeaderProps {
  stats: CacheStats | undefined;
  /** Names of the actors, by id. */
  names: ReadonlyMap<string, string>;
  /** `pending` until it is known; `undefined` if there is nothing to switch. */
  network: NetworkState | 'pending' | undefined;
  onNetworkChange: (faults: Partial<NetworkFaults>) => Promise<void>;
  onPrefetch: () => void;
}

/** A sentence about the demo, the state of the cache, and the controls. */
export function Header({ stats, names, network, onNetworkChange, onPrefetch }: HeaderProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <header className="masthead">
      <div className="intro">
        <a className="wordmark" href="#/">
          vite-plugin-image-cache
        </a>
        <p>Private S3 pictures from local disk in milliseconds, for any presigned URL.</p>
        <nav aria-label="Pages">
          <a href="#/">Gallery</a>
          <a href="#/add">Add pictures</a>
          <a href="#/notes">Notes</a>
          <a href={inspectorUrl()}>Inspector</a>
        </nav>
        {/* Only where the controls would take a third of the screen. */}
        <button
          className="fold"
          type="button"
          aria-expanded={isOpen}
          aria-controls="controls"
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Hide the controls' : 'S3 and cache'}
        </button>
      </div>
      <div className="controls" id="controls" data-open={isOpen}>
        <PrefetchPanel stats={stats} names={names} onPrefetch={onPrefetch} />
        {network !== undefined && (
          <NetworkSwitch network={network} onChange={(faults) => void onNetworkChange(faults)} />
        )}
        <section className="control cache" aria-label="Cache">
          <p className="label">
            <span>Cache</span>
            <output data-testid="cache-size">
              {formatBytes(stats?.total_size_bytes ?? 0)}
              <small> · {formatCount(stats?.total_entries ?? 0)} files</small>
            </output>
          </p>
          <CurlAction label="Clear all" path="/clear-all" testId="clear-all" onRun={() => imageCache.clearAll()} />
        </section>
      </div>
    </header>
  );
}
