const whole = new Intl.NumberFormat('en');
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** `0 MB`, `7.4 MB`, `298 MB`, `1.2 GB`: megabytes of 1,000,000 bytes. */
export function formatBytes(bytes: number): string {
  const megabytes = bytes / 1_000_000;
  if (megabytes >= 1_000) return `${tenths.format(megabytes / 1_000)} GB`;
  return megabytes >= 10 || megabytes === 0
    ? `${whole.format(Math.round(megabytes))} MB`
    : `${tenths.format(megabytes)} MB`;
}

/** The size of one picture: `9 kB`, `840 kB`, `3.2 MB`. */
export function formatFileSize(bytes: number): string {
  return bytes < 1_000_000 ? `${whole.format(Math.ceil(bytes / 1_000))} kB` : formatBytes(bytes);
}

/** `4 ms`, `1,534 ms` */
export function formatMs(ms: number): string {
  return `${whole.format(ms < 1 ? Math.ceil(ms) : Math.round(ms))} ms`;
}

/** A short duration for large type: `86 ms`, `7.9 s`. */
export function formatDuration(ms: number): { value: string; unit: 'ms' | 's' } {
  if (ms < 1_000) return { value: whole.format(Math.round(ms)), unit: 'ms' };
  return { value: tenths.format(ms / 1_000), unit: 's' };
}
