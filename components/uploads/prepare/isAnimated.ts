import { brandsOf } from './boxes.ts';
import type { Bytes } from './bytes.ts';
import { gifBlocks, IMAGE } from './gifBlocks.ts';
import { pngChunks } from './pngChunks.ts';
import type { Family } from './sniff.ts';
import { FIRST_CHUNK, webpChunks } from './webpChunks.ts';

const SEQUENCE_BRANDS = new Set(['avis', 'msf1', 'hevc', 'hevx', 'hevm', 'hevs']);
/** Flag of VP8X (RFC 9649, section 2.7). */
const HAS_ANIMATION = 0x02;

/** Whether a picture moves, or may: a canvas would keep one frame of it. */
export function isAnimated(bytes: Bytes, family: Family): boolean {
  try {
    return ANIMATED[family]?.(bytes) ?? false;
  } catch {
    return true; // damaged: left as it is
  }
}

const ANIMATED: Partial<Record<Family, (bytes: Bytes) => boolean>> = {
  gif(bytes) {
    let frames = 0;
    for (const { kind } of gifBlocks(bytes)) if (kind === IMAGE && ++frames > 1) return true;
    return false;
  },
  png(bytes) {
    for (const { type } of pngChunks(bytes)) if (type === 'acTL') return true;
    return false;
  },
  webp(bytes) {
    const [first] = webpChunks(bytes);
    return first?.type === 'VP8X' && ((bytes[FIRST_CHUNK + 8] ?? 0) & HAS_ANIMATION) !== 0;
  },
  heif: (bytes) => brandsOf(bytes).some((brand) => SEQUENCE_BRANDS.has(brand)),
};
