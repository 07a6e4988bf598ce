const UNITS: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/**
 * Bytes of a size such as `50_000_000`, `'50MB'` (MB: 1,000,000 bytes) or `'2 GiB'` (GiB: 1,073,741,824 bytes);
 * `undefined` for anything that is not a positive size.
 */
export function parseSize(size: unknown): number | undefined {
  if (typeof size === 'number') return Number.isSafeInteger(size) && size > 0 ? size : undefined;
  if (typeof size !== 'string') return undefined;
  const [, amount, unit] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]{0,3})$/i.exec(size.trim()) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toUpperCase()];
  if (amount === undefined || factor === undefined) return undefined;
  return parseSize(Math.round(Number(amount) * factor));
}

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
