import { ImageCacheError } from '../errors.ts';

/** Room for one upload. */
export interface Room {
  /** To be told before bytes are written. @throws ImageCacheError OUTBOX_FULL */
  grow(bytes: number): Promise<void>;
  /** The upload has come to its end: its bytes are on disk, and counted there, or gone. */
  release(): void;
}

/** What is on disk. */
export interface OutboxUse {
  bytes: number;
  /** Uploads that are not in the bucket yet. */
  uploads: number;
}

/** Each is a file that is looked at again and again, however small its picture is. */
const MAX_UPLOADS = 20_000;

/** Keeps the outbox within `maxOutboxSize`, and within a number of uploads: what is on disk, and what is arriving in this process. */
export class OutboxRoom {
  readonly #maxBytes: number;
  readonly #useOfDisk: () => Promise<OutboxUse>;
  #arriving = 0;
  /** Bytes of uploads that have come to their end since the start. They may be on disk by now. */
  #ended = 0;

  constructor({ maxBytes, useOfDisk }: { maxBytes: number; useOfDisk: () => Promise<OutboxUse> }) {
    this.#maxBytes = maxBytes;
    this.#useOfDisk = useOfDisk;
  }

  /** @param announced bytes; `undefined` if the client has not said how many will come */
  async admit(announced: number | undefined): Promise<Room> {
    let free = 0;
    let endedBefore = 0;
    let reserved = 0;
    let written = 0;
    const look = async (): Promise<void> => {
      endedBefore = this.#ended;
      const { bytes, uploads } = await this.#useOfDisk();
      if (uploads >= MAX_UPLOADS) throw tooMany();
      free = this.#maxBytes - bytes;
    };
    const isRoomFor = (bytes: number): boolean => this.#arriving + this.#ended - endedBefore + bytes <= free;
    const reserve = async (bytes: number): Promise<void> => {
      // What the disk held when this upload began says little of one that has taken its time.
      if (!isRoomFor(bytes)) await look();
      if (!isRoomFor(bytes)) throw this.#full();
      reserved += bytes;
      this.#arriving += bytes;
    };
    await look();
    await reserve(announced ?? 0);
    return {
      grow: async (bytes) => {
        written += bytes;
        if (written > reserved) await reserve(written - reserved);
      },
      release: () => {
        this.#arriving -= reserved;
        this.#ended += reserved;
        reserved = 0;
      },
    };
  }

  #full(): ImageCacheError {
    return new ImageCacheError(
      'OUTBOX_FULL',
      `The pictures that wait for the bucket would be more than ${this.#maxBytes} bytes.`,
      {
        hint: 'See `GET /uploads` for what keeps them from being stored, or raise `uploads.maxOutboxSize`. The browser keeps its copy, and sends it again.',
        retryAfterMs: 60_000,
      },
    );
  }
}

function tooMany(): ImageCacheError {
  return new ImageCacheError('OUTBOX_FULL', `There are ${MAX_UPLOADS} uploads that wait for the bucket.`, {
    hint: 'See `GET /uploads` for what keeps them from being stored. The browser keeps its copy, and sends it again.',
    retryAfterMs: 60_000,
  });
}
