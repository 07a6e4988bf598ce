import type { ImagePlace } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { insidePath, keyDigest, QUARANTINE_DIR } from '../files/layout.ts';
import { listFolder } from '../files/ownFolders.ts';
import { sizeOf } from '../files/quietRead.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { VariantFile } from '../variants/variantFiles.ts';

export interface PlaceSources {
  dir: string;
  key: string;
  entry: ManifestEntry | undefined;
  memory: MemoryTier;
  discovery: Discovery;
  variants: readonly VariantFile[];
  /** What the bucket has said when it was asked last. */
  bucket: ImagePlace;
}

/** Where an image is, and where it is not. Asks nobody, and reads only names. */
export async function placesOf({
  dir,
  key,
  entry,
  memory,
  discovery,
  variants,
  bucket,
}: PlaceSources): Promise<ImagePlace[]> {
  const digest = keyDigest(key);
  const path = entry === undefined ? undefined : insidePath(entry.local_path);
  const size = path === undefined ? undefined : await sizeOf(dir, path);
  const unclaimed = discovery.unlistedOf(digest);
  const quarantined = (await listFolder(dir, QUARANTINE_DIR).catch(() => [])).filter((name) =>
    name.includes(`_${digest}_`),
  );
  const made = variants.reduce((sum, variant) => sum + variant.size, 0);
  return [
    place('memory', entry !== undefined && memory.has(entry.sha256)),
    place('disk', size !== undefined, entry?.local_path, size),
    place('variants', variants.length > 0, counted(variants.length, 'file'), variants.length > 0 ? made : undefined),
    place('unclaimed', unclaimed.length > 0, unclaimed[0]),
    place('quarantine', quarantined.length > 0, quarantined[0]),
    bucket,
  ];
}

function place(name: ImagePlace['place'], isThere: boolean, detail?: string, size?: number): ImagePlace {
  return {
    place: name,
    state: isThere ? 'present' : 'absent',
    ...(detail !== undefined && detail !== '' && { detail }),
    ...(size !== undefined && { size_bytes: size }),
  };
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
