import type { ArrivingBody } from './arrivingBody.ts';

/** An image that is still being downloaded, of which enough is there to begin to show it. */
export interface ArrivingImage {
  /** By the first bytes. */
  contentType: string;
  body: ArrivingBody;
}
