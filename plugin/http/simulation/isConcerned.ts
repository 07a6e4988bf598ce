import { createHash } from 'node:crypto';
import type { SimulationTarget } from '../../inspectorProtocol.ts';

/** An image that is asked for. */
export interface AskedImage {
  /** Canonical URL of the object. */
  key: string;
  /** The actors that it is asked for, or was stored for. */
  actorIds: readonly string[];
}

/** Whether a simulation concerns an image. The answer is always the same for an image, so that a reload shows the same. */
export function isConcerned({ key, actorIds }: AskedImage, { match = '', share = 1 }: SimulationTarget): boolean {
  if (match !== '' && !actorIds.includes(match)) {
    const part = match.toLowerCase();
    if (![key, decoded(key)].some((each) => each.toLowerCase().includes(part))) return false;
  }
  return share >= 1 || positionOf(key) < share;
}

/** A number from 0 up to, not including, 1; evenly distributed over the keys. */
function positionOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32;
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // not every key is UTF-8
  }
}
