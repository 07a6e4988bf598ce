import { ImageCacheError } from '../errors.ts';

/** Room for one upload. */
export interface Room {
  /** To be told before bytes are written. @throws ImageCacheError OUTBOX_FULL */
  grow(bytes: number): void;
  /** The upload has come to its end: its bytes are on disk, and counted there, or gone. */
  release(): void;
}

/** Keeps the outbox within `maxOutboxSize`: what is on disk, and what is arriving in this process. */
export class OutboxRoom {
  readonly #maxBytes: number;
  readonly #bytesOnDisk: () => Promise<number>;
  #arriving = 0;

  constructor({ maxBytes, bytesOnDisk }: { maxBytes: number; bytesOnDisk: () => Promise<number> }) {
    this.#maxBytes = maxBytes;
    this.#bytesOnDisk = bytesOnDisk;
  }

  /** @param announced bytes; `undefined` if the client has not said how many will come */
  async admit(announced: number | undefined): Promise<Room> {
    const free = this.#maxBytes - (await this.#bytesOnDisk());
    let reserved = 0;
    const reserve = (bytes: number) => {
      if (this.#arriving + bytes > free) throw this.#full();
      reserved += bytes;
      this.#arriving += bytes;
    };
    if (announced !== undefined) reserve(announced);
    let written = 0;
    return {
      grow: (bytes) => {
        written += bytes;
        if (written > reserved) reserve(written - reserved);
      },
      release: () => {
        this.#arriving -= reserved;
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
