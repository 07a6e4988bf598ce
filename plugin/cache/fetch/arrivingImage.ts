import type { ArrivingBody } from './arrivingBody.ts';

/** An image that is still being downloaded, and of which enough has arrived to start showing it. */
export interface ArrivingImage {
  /** According to the first bytes. */
  contentType: string;
  body: ArrivingBody;
}
