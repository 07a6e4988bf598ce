import type { JournalRecord } from './manifestChange.ts';

/**
 * What the records of one log have changed or removed, and where in it: so all processes that read the log agree which
 * changes came too late. A process that was stopped between its look at the manifest and its write would otherwise bring
 * back what others have invalidated or replaced meanwhile (R4). No clock is involved.
 */
export class LogChanges {
  /** The first byte of the last record about each image. */
  readonly #images = new Map<string, number>();
  readonly #actors = new Map<string, number>();
  #everything = -1;

  /** Whether something has happened to the record's image that its writer had not read yet. */
  outdates(record: JournalRecord): boolean {
    if (record.read === undefined || !('entry' in record)) return false;
    const { s3_url, actor_id } = record.entry;
    const last = Math.max(this.#everything, this.#images.get(s3_url) ?? -1, this.#actors.get(actor_id) ?? -1);
    return last >= record.read;
  }

  /** Takes note of a record that was applied. @param start its first byte */
  note(record: JournalRecord, start: number): void {
    switch (record.op) {
      case 'put':
      case 'replace':
      case 'adopt':
        this.#images.set(record.entry.s3_url, start);
        return;
      case 'delete':
        // What was evicted, or whose file was gone, may be stored anew.
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
