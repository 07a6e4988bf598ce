/** The basic format of ISO 8601, in which SigV4 writes a date: `20261129T083337Z`. */
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Milliseconds since the epoch; `NaN` for a text that is no such date. */
export function parseAmzDate(text: string): number {
  const [, year, month, day, hour, minute, second] = AMZ_DATE.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
