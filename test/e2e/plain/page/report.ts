/** What a page says of one image. */
export interface ImageReport {
  box: string;
  parent: string;
  complete: boolean;
  size: string;
  source: 'none' | 'a picture';
  alt: string;
  name: string;
  attributes: string;
  atMount: 'complete' | 'not complete';
  decode: 'not called' | 'pending' | 'resolved' | 'rejected';
  /** Since the step began. */
  events: readonly string[];
  /** Since the step began, without repetitions. */
  frames: readonly string[];
}

export interface PageReport {
  /** By the labels of the images. */
  images: Record<string, ImageReport>;
  /** Since the step began. */
  shift: number;
  /** Numbers of the images that a browser is loading, or ought to be. */
  loading: number[];
}

/** Behind the size of a frame. */
export const WITH_PICTURE = ' with its picture';
