/** The messages between the demo's backend and its page. */

export interface Picture {
  /** A presigned URL, which is another one in each answer. */
  s3_url: string;
  filename: string;
  width: number;
  height: number;
}

interface Actor {
  id: string;
  name: string;
  /** A description of the pictures, for people who cannot see them. */
  subject: string;
}

/** `GET /demo/actors` */
export interface ActorSummary extends Actor {
  cover: Picture;
  count: number;
  /** Only with `?images=1`. */
  images?: Picture[];
}

/** `GET /demo/actors/:id` */
export interface ActorDetail extends Actor {
  images: Picture[];
}

/** Faults of the network to S3 that can be switched on. */
export interface NetworkFaults {
  latencyMs: number;
  /** Share of the requests that are answered 503 SlowDown, 0 to 1. */
  slowDown: number;
  offline: boolean;
  /** Share of the pictures sent to the bucket that are answered 503 SlowDown, 0 to 1. */
  putSlowDown: number;
  /** Share of them that are answered as if the credentials had expired, 0 to 1. */
  putExpired: number;
}

/** The event of Vite's socket by which pages ask how many photographs are painted, and by which they are told. */
export const PAINTED_EVENT = 'demo:painted';

export interface Painted {
  done: number;
  total: number;
}

/** `GET·PUT /demo/upload-faults`: what can be broken between the page and its dev server. */
export interface UploadFaults {
  /** `lost-answers`: what is sent arrives, but the answer never comes back. */
  server: 'fine' | 'slow' | 'lost-answers' | 'unreachable';
}

/** `GET·PUT /demo/network` */
export interface NetworkState extends NetworkFaults {
  available: true;
  /** Since the server started. */
  stats: { requests: number; gets: number; bytesSent: number };
}

/** The answer, with 404, if the storage is not the demo's own, so that it has no faults to switch. */
export interface NetworkUnavailable {
  available: false;
}

/** `GET /demo/notes`: what the backend has of each note. */
export interface BackendNote {
  /** Made by the browser in which the note was begun. */
  id: string;
  /** Given by the backend, some time after the note was begun. */
  server_id: string;
  text: string;
  /** In milliseconds since the epoch. */
  created_at: number;
}

/** `PUT /demo/notes/:id` */
export type NoteToSave = Pick<BackendNote, 'text' | 'created_at'>;

/** The answer to it. */
export type NoteSaved = Pick<BackendNote, 'server_id'>;

/** `GET /demo/bucket`: the objects that pictures have brought into the bucket. */
export interface BucketListing {
  objects: { key: string; size: number }[];
}
