/** How far one download is. It is written while bytes arrive, and read by the inspector. */
export class Arrival {
  receivedBytes = 0;
  /** As the origin has announced it; `undefined` before that. */
  totalBytes: number | undefined;
  /** From 1 on. */
  attempt = 1;
}
