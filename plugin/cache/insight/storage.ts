import type { StorageAnswer } from '../../inspectorProtocol.ts';
import type { FreeSpace } from '../files/freeSpace.ts';
import { processIdOf, processName } from '../files/temporary.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { VariantMaker } from '../variants/variantMaker.ts';
import type { VariantStore } from '../variants/variantStore.ts';
import type { History } from './history.ts';
import { quarantinedFiles } from './looseFiles.ts';

export interface StorageSources {
  dir: string;
  freeSpace: FreeSpace;
  index: ManifestIndex;
  maxSize: number;
  memory: MemoryTier;
  discovery: Discovery;
  variantStore: VariantStore;
  maker: VariantMaker | undefined;
  history: History;
}

/** What the cache takes on disk and in memory, and which processes share it. */
export async function storageOf(sources: StorageSources): Promise<StorageAnswer> {
  const { dir, freeSpace, index, maxSize, memory, discovery, variantStore, maker, history } = sources;
  const [free = 0, quarantined, names, hasSharp] = await Promise.all([
    freeSpace.read(),
    quarantinedFiles(dir, ''),
    history.recentProcesses(),
    maker?.isAvailable() ?? false,
  ]);
  const { count, totalBytes } = discovery.unclaimed;
  const others = [...names].flatMap((name) => processIdOf(name) ?? []).filter((pid) => pid !== process.pid);
  return {
    dir,
    originals: { count: index.size, size_bytes: index.totalBytes },
    variants: { count: variantStore.count, size_bytes: variantStore.bytes },
    unclaimed: { count, size_bytes: totalBytes },
    quarantined: {
      count: quarantined.length,
      size_bytes: quarantined.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
    },
    free_bytes: free,
    max_bytes: maxSize,
    memory: { entries: memory.entries, size_bytes: memory.bytes, max_bytes: memory.maxBytes },
    processes: [
      { pid: processIdOf(processName()) ?? 0, is_this: true },
      ...others.map((pid) => ({ pid, is_this: false })),
    ],
    has_sharp: hasSharp,
  };
}
