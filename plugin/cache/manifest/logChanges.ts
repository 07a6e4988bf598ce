import type { JournalRecord } from './manifestChange.ts';

/**
 * The images that records of one log changed or removed, and where in the log. With it, all processes that read the log
 * agree which changes came too late (R4): a process that was suspended between reading the manifest and writing could
 * otherwise bring back an image that others have invalidated or replaced meanwhile. No clock is involved.
 */
export class LogChanges {
  /** Position of the last record about each image. */
  readonly #images = new Map<string, number>();
  readonly #actors = new Map<string, number>();
  #everything = -1;

  /** True if the record's image was changed or removed by a record that the writer had not read yet. */
  outdates(record: JournalRecord): boolean {
    if (record.read === undefined || !('entry' in record)) return false;
    const { s3_url, actor_id } = record.entry;
    const last = Math.max(this.#everything, this.#images.get(s3_url) ?? -1, this.#actors.get(actor_id) ?? -1);
    return last >= record.read;
  }

  /** Notes a record that was applied. @param start position of its first byte */
  note(record: JournalRecord, start: number): void {
    switch (record.op) {
      case 'put':
      case 'replace':
      case 'adopt':
        this.#images.set(record.entry.s3_url, start);
        return;
      case 'delete':
        // An image that was evicted, or whose file was missing, may be stored again.
        if (record.reason === 'invalidated') for (const key of record.keys) this.#images.set(key, start);
        return;
      case 'clear':
        if (record.actor === undefined) this.#everything = start;
        else this.#actors.set(record.actor, start);
        return;
      default:
    }
  }
}
