/** What the demo's backend and its page say to each other. Types only. */

export interface Picture {
  /** Presigned: another one each time it is asked for. */
  s3_url: string;
  filename: string;
  width: number;
  height: number;
}

interface Actor {
  id: string;
  name: string;
  /** What the pictures show, for people who do not see them. */
  subject: string;
}

/** `GET /demo/actors` */
export interface ActorSummary extends Actor {
  cover: Picture;
  count: number;
  /** With `?images=1`. */
  images?: Picture[];
}

/** `GET /demo/actors/:id` */
export interface ActorDetail extends Actor {
  images: Picture[];
}

/** What can be broken between here and S3. */
export interface NetworkFaults {
  latencyMs: number;
  /** Share of the requests that are answered 503 SlowDown, 0 to 1. */
  slowDown: number;
  offline: boolean;
}

/** `GET·PUT /demo/network` */
export interface NetworkState extends NetworkFaults {
  available: true;
  /** Since the server started. */
  stats: { requests: number; gets: number; bytesSent: number };
}

/** The same, when the storage is not ours to break: 404. */
export interface NetworkUnavailable {
  available: false;
}
