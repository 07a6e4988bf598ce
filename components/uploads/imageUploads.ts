import type { Entity } from './entity.ts';
import type { OnStored, UploadLink } from './onStored.ts';
import type { UploadTransport } from './transport.ts';
import type { UploadsEnvironment } from './environment.ts';

/**
 * `saving`: being written into the browser's storage; `pending`: safe there, and waiting; `uploading`: being sent; `processing`: all bytes
 * are sent, and the server is at work; `uploaded`: proved to be in the bucket; `failed`: given up, its bytes are kept; `blocked`:
 * waits until somebody acts; `paused` by the user; `canceled` by the user, or removed from its entity; `missing`: the browser has thrown its bytes away.
 */
export type UploadPhase =
  | 'saving'
  | 'pending'
  | 'uploading'
  | 'processing'
  | 'uploaded'
  | 'failed'
  | 'blocked'
  | 'paused'
  | 'canceled'
  | 'missing';

/** Where a picture's bytes are. */
export type UploadPlace = 'browser' | 'server' | 'bucket';

export interface UploadFault {
  readonly code: string;
  /** What has happened, for developers; visitors read `uploadErrorText(fault)`. */
  readonly message: string;
  /** What a developer does about it. */
  readonly hint?: string | undefined;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** One picture on its way, as it is now: it never changes, a change brings another object. */
export interface Upload {
  /** 32 hexadecimal digits, in the order of time. */
  readonly jobId: string;
  /** The first 32 hexadecimal digits of the SHA-256 of the bytes that are sent; known once they are prepared. */
  readonly imageId: string | undefined;
  /** `/api/cache/i/<imageId>.<ext>`: what an app keeps in its own data. For `<UploadedImage imageRef>`. */
  readonly ref: string | undefined;
  /** What it belongs to; with the id that its server has given it, once that is known. */
  readonly entity: Entity | undefined;
  readonly filename: string;
  /** In bytes; of those that are sent, once they are prepared. */
  readonly size: number;
  /** Content type, found by looking at the bytes. */
  readonly type: string;
  readonly status: UploadPhase;
  readonly places: readonly UploadPlace[];
  /** In bytes; `null` while nothing is being sent. */
  readonly progress: { readonly loaded: number; readonly total: number } | null;
  /** Tries that were answered by a fault of this picture. */
  readonly attempts: number;
  /** After as many, it has failed. */
  readonly maxAttempts: number;
  /** In milliseconds since the epoch. */
  readonly nextAttemptAt: number | null;
  readonly error: UploadFault | null;
  /** A code of something that did not keep it from being saved: `CUT_IMAGE`, `HEIC_NOT_SHOWN`. */
  readonly warning: string | undefined;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  readonly uploadedAt: number | undefined;
  /** `null` without an entity, and without `onStored`. */
  readonly link: UploadLink | null;
  /** URL of the object in the bucket, without a signature, if the transport has told it. */
  readonly s3Url: string | undefined;
  /** Resolves when the bucket has the picture. Rejects with an UploadError when it has failed, was canceled or is missing. */
  readonly stored: Promise<Upload>;
  /** Begins anew, with all tries. Of an uploaded picture: tells the app now. */
  retry(): Promise<void>;
  /** `canceled: false`: too late, the bucket has it. */
  cancel(): Promise<{ canceled: boolean }>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** After `GPS_NOT_REMOVABLE`: sends the picture as it is, with what it says of its place. */
  sendAnyway(): Promise<void>;
  /** Offers the bytes as a download. */
  saveToDisk(): Promise<void>;
}

/** How the uploads of this page are, as a whole. */
export interface UploadsStatus {
  /** `offline`: the browser says so; `unreachable`: nothing answers, or nothing but faults; `blocked`: see there. */
  readonly network: 'online' | 'offline' | 'unreachable' | 'blocked';
  readonly counts: Readonly<Record<UploadPhase, number>>;
  /** Bytes that are not in the bucket yet. */
  readonly bytesPending: number;
  readonly storage: {
    readonly mode: 'indexeddb';
    /** Whether the browser has promised not to evict it. */
    readonly persisted: boolean;
    readonly usage?: number | undefined;
    readonly quota?: number | undefined;
  };
  /** Whether this tab is the one that sends. */
  readonly isSender: boolean;
  /**
   * What keeps everything from being sent, and what to do about it. What waits because of one picture is in `counts.blocked`, and in the
   * `error` of that picture.
   */
  readonly blocked?: UploadFault | undefined;
}

export interface PrepareOptions {
  /**
   * What is taken out of a picture without touching its pixels. `gps`: where it was taken; `all`: everything but orientation and
   * colour profile. @default 'gps'
   */
  strip?: 'gps' | 'all' | 'none';
  /** Pixels; larger pictures are encoded anew. @default they are not */
  maxEdge?: number;
  /** @default 'keep' */
  format?: 'keep' | 'jpeg' | 'webp';
  /** From 0 to 1, for what is encoded anew. @default the browser's */
  quality?: number;
}

export interface ImageUploadsOptions {
  /** Where the API is mounted. @default what the plugin or `configureImageCache()` says */
  base?: string | false;
  /** Names the browser's database and is sent with each request: projects on one localhost port keep apart by it. @default what the plugin says, else 'default' */
  project?: string;
  /**
   * Only the pictures of this owner are listed and sent, e.g. a user's id. With our server, it has to be what `authorizeUpload` returns: a
   * server at which somebody else is signed in by now answers `OTHER_OWNER`, and the pictures wait. @default ''
   */
  owner?: string;
  /** @default serverTransport() */
  transport?: UploadTransport;
  /**
   * The URL that shows the picture behind a reference once it is not in this browser any more: a CDN in front of the bucket, or a path of the
   * app that signs and redirects. Needed where there is no server of this package. @default that server's, at `base`
   * @example urlOf: (imageRef) => `/pictures/${imageRef.split('/').at(-1)}`
   */
  urlOf?(imageRef: string): string | undefined;
  /** Begins the keys of the objects; the server's `uploads.prefix` must be the same. @default 'uploads' */
  prefix?: string;
  prepare?: PrepareOptions;
  /** In bytes. @default { maxFileSize: 50e6, maxOutboxSize: 1e9 } */
  limits?: { maxFileSize?: number; maxOutboxSize?: number };
  /** Pictures that are sent at a time. @default 2 */
  concurrency?: number;
  /** Before each further try, in milliseconds, each multiplied by 0.5 to 1.5. @default [1e3, 5e3, 30e3, 120e3, 600e3] */
  retryDelays?: readonly number[];
  /**
   * Tells the app that the bucket has a picture of its entity, e.g. to write its URL into a note. It is called until it has not thrown.
   * @example
   * createImageUploads({ onStored: async ({ entity, url }, { signal }) => {
   *   await fetch(`/api/notes/${entity.serverId}/pictures`, { method: 'PUT', body: JSON.stringify({ url }), signal });
   * }, gate: 'after-entity' });
   */
  onStored?: OnStored;
  /**
   * When `onStored` is called. `after-entity`: once the entity has a server id, too (see `bindEntity()`). The upload never waits for that.
   * @default 'immediate'
   */
  gate?: 'immediate' | 'after-entity';
  /** For tests. @internal */
  env?: UploadsEnvironment;
}

export interface UploadCallOptions {
  /**
   * What the pictures belong to in the app. Those of one entity are sent one after the other, and before those of another one that was
   * begun later.
   */
  entity?: Entity;
  /** For a Blob, which has no name. */
  filename?: string;
  /** Called with each picture as soon as it is durable, also if another one of the same call is refused. */
  onSaved?(upload: Upload): void;
}

/** The uploads of a page. */
export interface ImageUploads {
  /**
   * Saves pictures in the browser, and sends them when that is possible. Resolves when they are durable: from then on a reload, a
   * crash or an outage loses none.
   * @throws UploadError when files are refused: `errors` has one for each, with its `filename`, and `saved` the others of the same call,
   * which are uploaded. `ENTITY_INVALID` when nothing was saved, because the entity's type or id is not 1 to 200 characters long
   * @example await uploads.upload(input.files, { entity: { type: 'note', id: note.id } });
   */
  upload(files: FileList | Iterable<File | Blob> | File | Blob, options?: UploadCallOptions): Promise<Upload[]>;
  /**
   * Says that the app's server has given an entity its id: of all pictures of the entity, now and later. Resolves when that is durable. It
   * may be said again, at each start of the app or whenever it is known.
   * @param entity as `upload()` was told of it
   * @throws UploadError `ENTITY_BOUND` when the entity has another server id already
   * @example
   * const { id } = await createNoteOnServer(note);
   * await uploads.bindEntity({ type: 'note', id: note.localId }, id);
   */
  bindEntity(entity: Entity, serverId: string): Promise<void>;
  /**
   * Says that an entity has a picture that was uploaded before, for another entity: its reference was pasted into a note, or a note was
   * duplicated. Resolves when that is durable; from then on it is an upload of the entity, without bytes if the bucket has the picture already, and is
   * `missing` if nobody has. Of a picture that the entity has already, it does nothing.
   * @param imageId a reference, or the `imageId` of a picture that this browser knows
   * @throws UploadError `IMAGE_UNKNOWN` for an id that this browser does not know
   * @example for (const imageRef of imageRefsIn(pasted)) await uploads.addImage({ type: 'note', id: note.id }, imageRef);
   */
  addImage(entity: Entity, imageId: string): Promise<void>;
  /**
   * Says that an entity has a picture no more. Resolves when that is durable: its uploads are canceled, whatever state they are in, and the
   * other side is told as soon as it can be reached. Adding the picture to the entity again takes it back.
   * @param imageId an `imageId`, or a reference; a reference where this browser may not know the picture any more
   * @throws UploadError `IMAGE_UNKNOWN` for an id that this browser does not know
   * @example await uploads.removeImage({ type: 'note', id: note.id }, picture.ref);
   */
  removeImage(entity: Entity, imageId: string): Promise<void>;
  /**
   * The same for all pictures of an entity: of those that this browser knows of (the ones that wait, and the uploaded ones of the last seven
   * days), and of `imageIds`.
   * @example await uploads.removeEntity({ type: 'note', id: note.id }, { imageIds: imageRefsIn(note.text) });
   */
  removeEntity(entity: Entity, options?: { imageIds?: readonly string[] }): Promise<void>;
  /** Newest first. The same array until something changes. */
  list(): readonly Upload[];
  /** The pictures of an entity, in the order in which they were added. The same array until something of them changes. */
  listOf(entity: Entity): readonly Upload[];
  get(jobId: string): Upload | undefined;
  /** @returns a function that unsubscribes */
  subscribe(listener: () => void): () => void;
  status(): UploadsStatus;
  /** Says that the app has just reached its server, or that the user has signed in: what waits is tried at once. */
  notifySynced(): void;
  /** Whether the page knows by now what is in the browser's storage. */
  readonly isReady: boolean;
  /** The bytes behind a reference while the browser has them. */
  bytesOf(imageRef: string): Promise<Blob | undefined>;
  /** Where a picture is shown from when it is not in this browser: see the option `urlOf`. `undefined` when that is not known. */
  urlOf(imageRef: string): string | undefined;
  /** Ends everything of it in this tab. Nothing is lost: the next `createImageUploads()` goes on. */
  close(): Promise<void>;
}
