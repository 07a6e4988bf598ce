import { createMutex, type Inspector } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { UploadEntity } from '../uploadProtocol.ts';
import type { UploadsClock } from './clock.ts';
import type { Outbox } from './outbox.ts';
import { OutboxRoom } from './outboxRoom.ts';
import { empty, receivePicture, tooLarge } from './receivePicture.ts';
import { isPending, type PendingUpload, type UploadRecord } from './uploadRecord.ts';

/** A picture that a client sends. */
export interface IncomingUpload {
  jobId: string;
  owner: string;
  /** Of the bytes, as the client says; hex. */
  sha256: string;
  filename: string | undefined;
  /** What the picture belongs to. */
  entity?: UploadEntity | undefined;
  /** Bytes, if the client has said so. */
  size: number | undefined;
  body: AsyncIterable<Uint8Array>;
}

export interface ReceptionOptions {
  outbox: Outbox;
  inspect: Inspector;
  maxFileSize: number;
  maxOutboxSize: number;
  clock: UploadsClock;
  /** Runs changes of records one after the other. */
  exclusively: ReturnType<typeof createMutex>;
}

/** Takes pictures into the outbox. */
export class UploadReception {
  readonly #options: ReceptionOptions;
  readonly #room: OutboxRoom;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    const { outbox, maxOutboxSize } = options;
    this.#room = new OutboxRoom({ maxBytes: maxOutboxSize, useOfDisk: () => outbox.use() });
  }

  /**
   * @param accepted told of an upload whose bytes have come, before their room counts as free
   * @returns its record; one that was known already, for which nothing was read
   * @throws ImageCacheError UPLOAD_CONFLICT, UPLOAD_DIGEST, UPLOAD_EMPTY, UPLOAD_NOT_AN_IMAGE, UPLOAD_TOO_LARGE, ID_CONFLICT, OUTBOX_FULL,
   * and errors of the file system
   */
  async accept(upload: IncomingUpload, accepted: (record: PendingUpload) => Promise<void>): Promise<UploadRecord> {
    const { outbox, inspect, maxFileSize, exclusively } = this.#options;
    const known = await this.#known(upload);
    if (known !== undefined) return known;
    if (upload.size === 0) throw empty();
    if (upload.size !== undefined && upload.size > maxFileSize) throw tooLarge(maxFileSize);
    const room = await this.#room.admit(upload.size);
    const receiving = { outbox, inspect, maxBytes: maxFileSize, room, sha256: upload.sha256 };
    try {
      const record = await receivePicture(upload.body, receiving, ({ picture, blob }) =>
        exclusively(async () => {
          // The client may have sent it twice at once, or canceled it meanwhile.
          const before = await this.#known(upload);
          if (before !== undefined) return before;
          await this.#ensureOwnId(picture.name, picture.sha256);
          const made = this.#newRecord(upload, picture);
          await outbox.accept(made, blob);
          return made;
        }),
      );
      if (isPending(record)) await accepted(record);
      return record;
    } finally {
      room.release();
    }
  }

  /** The upload if it needs no bytes. @throws ImageCacheError UPLOAD_CONFLICT */
  async #known({ jobId, owner, sha256 }: IncomingUpload): Promise<UploadRecord | undefined> {
    const record = await this.#options.outbox.find(jobId);
    if (record === undefined) return undefined;
    if (record.owner !== owner || (record.picture !== undefined && record.picture.sha256 !== sha256)) {
      throw new ImageCacheError('UPLOAD_CONFLICT', 'There is another upload of this id, with other bytes.', {
        hint: 'Give each upload an id of its own: 48 bits of the time and 80 random ones.',
      });
    }
    if (!isPending(record)) return record;
    return (await this.#options.outbox.hasPicture(record.picture)) ? record : undefined;
  }

  /** An id is half a digest, so that two pictures can be made that share one. @throws ImageCacheError ID_CONFLICT */
  async #ensureOwnId(name: string, sha256: string): Promise<void> {
    const others = (await this.#options.outbox.pending()).filter(({ picture }) => picture.name === name);
    if (others.every(({ picture }) => picture.sha256 === sha256)) return;
    throw new ImageCacheError('ID_CONFLICT', 'Another picture with other bytes has the id of this one.', {
      hint: 'That does not happen by chance: one of the two was made so.',
    });
  }

  #newRecord({ jobId, owner, filename, entity }: IncomingUpload, picture: PendingUpload['picture']): PendingUpload {
    const accepted_at = this.#options.clock.now();
    return {
      job_id: jobId,
      owner,
      state: 'accepted',
      picture,
      ...(filename !== undefined && { filename }),
      ...(entity !== undefined && { entity }),
      attempts: 0,
      accepted_at,
    };
  }
}
