import { ImageCacheError } from '../../errors.ts';
import type { SimulatedCode } from '../../inspectorProtocol.ts';
import type { ItemError } from '../../protocol.ts';

/** After these, a page tries again by itself. */
const TRANSIENT: ReadonlySet<SimulatedCode> = new Set<SimulatedCode>([
  'UPSTREAM_ERROR',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_TRUNCATED',
  'UPSTREAM_UNREACHABLE',
]);

/** A failure that nobody has to look into. */
export class SimulatedError extends ImageCacheError {
  declare readonly code: SimulatedCode;

  override toItem(): ItemError {
    return { ...super.toItem(), ...(TRANSIENT.has(this.code) && { transient: true }) };
  }
}

export function simulatedError(code: SimulatedCode): SimulatedError {
  return new SimulatedError(code, 'This failure is simulated.', {
    hint: 'End the simulation in the inspector, or by DELETE /simulate. It ends by itself after ten minutes.',
  });
}
