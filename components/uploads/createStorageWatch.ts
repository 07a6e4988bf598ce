import type { UploadsEnvironment } from './environment.ts';
import type { UploadsStatus } from './imageUploads.ts';

/** How the browser's storage is. */
export interface StorageWatch {
  readonly status: UploadsStatus['storage'];
  refresh(): void;
  /** Asks the browser once not to evict it; it decides by itself, and Firefox asks the user. */
  askToPersist(): void;
}

export function createStorageWatch(storage: UploadsEnvironment['storage'], onChange: () => void): StorageWatch {
  let status: UploadsStatus['storage'] = { mode: 'indexeddb', persisted: false };
  let isAsked = false;

  async function read(): Promise<void> {
    const persisted = (await storage?.persisted?.()) ?? false;
    const { usage, quota } = (await storage?.estimate?.()) ?? {};
    const next = { mode: 'indexeddb', persisted, usage, quota } as const;
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    onChange();
  }

  function refresh(): void {
    // Absent in insecure contexts, and refused in some windows.
    read().catch(() => {});
  }

  return {
    get status() {
      return status;
    },
    refresh,
    askToPersist() {
      if (isAsked || status.persisted) return;
      isAsked = true;
      storage?.persist?.().then(refresh, () => {});
    },
  };
}
