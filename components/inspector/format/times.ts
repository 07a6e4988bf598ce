/** `10:33:05` */
export function formatTime(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
