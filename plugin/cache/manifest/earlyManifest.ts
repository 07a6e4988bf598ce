import { type FileHandle, open } from 'node:fs/promises';
import type { ManifestEntry } from '../../protocol.ts';
import { generationPath, listGenerations } from './generations.ts';
import { JournalLog } from './journalLog.ts';
import type { DecodedRecord } from './journalRecord.ts';
import type { JournalRecord } from './manifestChange.ts';
import { LogChanges } from './logChanges.ts';
import { keyHashOf, keyHashOfPath } from './keyOrder.ts';
import { ManifestIndex, type ManifestQuestion } from './manifestIndex.ts';
import { READ } from '../files/cautiousOpen.ts';
import { createMutex } from '../queue/mutex.ts';
import { readHead } from './snapshotReader.ts';
import { searchSnapshot } from './searchSnapshot.ts';

interface Files {
  snapshot: FileHandle;
  log: JournalLog;
}

/**
 * Answers lookups while the manifest is still being read, which takes seconds at a million entries. It looks an entry up in
 * the snapshot on disk, and trusts it if the journal has no later record about it. It leaves every unclear case to the whole
 * manifest. Writes nothing.
 */
export class EarlyManifest {
  readonly #dir: string;
  readonly #prefix: string;
  readonly #exclusively = createMutex();
  #files: Files | undefined;
  /** Entries that were put after the snapshot was taken. */
  readonly #recent: ManifestIndex;
  /** Keys that changed after the snapshot was taken. */
  readonly #changed = new Set<string>();
  #changes = new LogChanges();
  /** Bytes of the log that the snapshot includes, and that are not read here. */
  #unread = 0;
  #isOver = false;

  /** @param options the cache directory, and the prefix of every `local_path` */
  constructor({ dir, prefix }: { dir: string; prefix: string }) {
    this.#dir = dir;
    this.#prefix = prefix;
    this.#recent = new ManifestIndex(prefix);
  }

  /** Returns an entry that is certainly in the manifest. `undefined` means that it is not known yet. */
  find(question: ManifestQuestion): Promise<ManifestEntry | undefined> {
    // An error here occurs again when the whole manifest is read, and is handled there.
    return this.#exclusively(() => this.#find(question).catch(() => undefined));
  }

  close(): Promise<void> {
    return this.#exclusively(async () => {
      this.#isOver = true;
      await this.#files?.snapshot.close();
      await this.#files?.log.close();
      this.#files = undefined;
    });
  }

  async #find(question: ManifestQuestion): Promise<ManifestEntry | undefined> {
    if (this.#isOver) return undefined;
    this.#files ??= await this.#open();
    if (this.#files === undefined) return undefined;
    await this.#catchUp(this.#files);
    if (this.#isOver) return undefined;
    const recent = this.#recent.find(question);
    if (recent !== undefined) return recent;
    const keyHash = 'key' in question ? keyHashOf(question.key) : keyHashOfPath(question.path);
    if (keyHash === undefined) return undefined;
    const found = new ManifestIndex(this.#prefix);
    for (const entry of await searchSnapshot(this.#files.snapshot, keyHash)) {
      if (!this.#changed.has(entry.s3_url)) found.apply({ op: 'put', entry });
    }
    return found.find(question);
  }

  async #open(): Promise<Files | undefined> {
    const [generation] = (await listGenerations(this.#dir)).snapshots;
    if (generation === undefined) return undefined;
    const snapshot = await open(generationPath(this.#dir, generation, 'snap'), READ);
    try {
      const { position } = await readHead(snapshot);
      const log = await JournalLog.open(this.#dir, generation);
      if (log !== undefined) {
        log.offset = position?.offset ?? 0;
        this.#unread = log.offset;
        return { snapshot, log };
      }
    } catch (error) {
      await snapshot.close();
      throw error;
    }
    await snapshot.close();
    return undefined;
  }

  /** Reads what other processes have written meanwhile, so an answer is as fresh as one from the whole manifest. */
  async #catchUp(files: Files): Promise<void> {
    for (;;) {
      for await (const { records } of files.log.read()) for (const each of records) this.#note(each);
      if (await files.log.isNewest()) return;
      for await (const { records } of files.log.read()) for (const each of records) this.#note(each);
      const next = await JournalLog.open(this.#dir, files.log.generation + 1);
      if (next === undefined) {
        this.#isOver = true; // the log was compacted away, or removed
        return;
      }
      await files.log.close();
      files.log = next;
      this.#changes = new LogChanges();
      this.#unread = 0;
    }
  }

  #note({ record, start }: DecodedRecord): void {
    const mayBeLate = record.read !== undefined && (record.read < this.#unread || this.#changes.outdates(record));
    this.#changes.note(record, start);
    if (mayBeLate && 'entry' in record) this.#leave(record.entry.s3_url);
    else this.#apply(record);
  }

  /** Leaves an image to the whole manifest. */
  #leave(key: string): void {
    this.#changed.add(key);
    this.#recent.apply({ op: 'delete', keys: [key], reason: 'missing' });
  }

  #apply(record: JournalRecord): void {
    switch (record.op) {
      case 'use':
      case 'placeholder': // the image is served without a placeholder
      case 'validate': // at worst the origin is asked again
      case 'adopt': // does not change an entry that the snapshot has; other entries are left to the whole manifest
        return;
      case 'put':
      case 'replace':
        this.#changed.add(record.entry.s3_url);
        break;
      case 'claim':
        this.#changed.add(record.key);
        break;
      case 'delete':
        for (const key of record.keys) this.#changed.add(key);
        break;
      default:
        this.#isOver = true; // affects entries that the record does not name
    }
    this.#recent.apply(record);
  }
}
