const SECONDS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * Milliseconds of a duration such as `3600` (seconds), `'90m'`, `'12h'`, `'30d'` or `'2w'`; `undefined` for anything
 * that is not a positive duration.
 */
export function parseDuration(duration: unknown): number | undefined {
  const text = typeof duration === 'number' ? String(duration) : duration;
  if (typeof text !== 'string') return undefined;
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([smhdw]?)$/i.exec(text.trim()) ?? [];
  const seconds = unit === undefined ? undefined : SECONDS[unit.toLowerCase()];
  if (amount === undefined || seconds === undefined) return undefined;
  const milliseconds = Math.round(Number(amount) * seconds * 1000);
  return milliseconds > 0 ? milliseconds : undefined;
}
