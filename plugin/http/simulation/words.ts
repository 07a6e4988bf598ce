import type { SimulationEffects, SimulationTarget } from '../../inspectorProtocol.ts';

/** What is simulated, in words: `images wait for 3 s`. */
export function inWords({ delay_ms, hold, fail, cut, cold, offline }: SimulationEffects): string {
  const late = delay_ms === undefined ? [] : [`wait for ${delay_ms / 1000} s`];
  const failing = `fail with ${fail ?? 'UPSTREAM_UNREACHABLE'}`;
  if (hold === true) late.push('are not answered');
  else if (cut === true) late.push('end half way');
  else if (cold === true) late.push('take as long as a miss');
  else if (offline === true) late.push(`${failing}, unless they are cached`);
  else if (fail !== undefined) late.push(failing);
  return `images ${late.join(' and ')}`;
}

/** Which images are concerned, as the end of a sentence; empty if all are. */
export function onlyWhat({ match, share = 1 }: SimulationTarget): string {
  const part = share === 1 ? '' : ` for ${Math.round(share * 100)} % of them`;
  return match === undefined || match === '' ? part : `${part}, only for “${match}”`;
}

/** The value of the header that each simulated answer has: `delay=3000`, `offline=UPSTREAM_THROTTLED`. */
export function asHeader({ delay_ms, hold, fail, cut, cold, offline }: SimulationEffects): string {
  return [
    ...(delay_ms === undefined ? [] : [`delay=${delay_ms}`]),
    ...(hold === true ? ['hold'] : []),
    ...(cut === true ? ['cut'] : []),
    ...(cold === true ? ['cold'] : []),
    ...(offline === true ? [`offline=${fail ?? 'UPSTREAM_UNREACHABLE'}`] : []),
    ...(offline !== true && fail !== undefined ? [`fail=${fail}`] : []),
  ].join(' ');
}
