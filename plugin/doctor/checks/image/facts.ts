import { inspectImage, recognizeImage } from '../../../images/index.ts';
import {
  createIdentify,
  type DryDownload,
  type S3Object,
  startDryDownload,
  type TracedClient,
} from '../../../source/index.ts';
import { ImageCacheError } from '../../../errors.ts';
import type { Installation } from '../../installation.ts';
import { once } from '../../once.ts';

/** What is known of one image. The first check that needs the download, or what it has brought, begins it. */
export interface ImageFacts {
  readonly installation: Installation;
  /** As it was given; it may contain a signature, and is shown nowhere. */
  readonly url: string;
  readonly object: S3Object;
  download(): DryDownload;
  /** @throws ImageCacheError NOT_AN_IMAGE and the like */
  inspected(): Promise<{ contentType: string; extension: string; width?: number; height?: number; bytes: Buffer }>;
}

/** @returns the error for a URL of no listed bucket */
export function createImageFacts(
  installation: Installation,
  url: string,
  client: TracedClient,
  signal: AbortSignal,
): ImageFacts | ImageCacheError {
  const { options, probes } = installation;
  let object: S3Object;
  try {
    object = createIdentify(options)(url);
  } catch (error) {
    return ImageCacheError.from(error);
  }
  const { clock } = probes;
  const download = once(() => startDryDownload(object, options, client, { clock, recognize: recognizeImage, signal }));
  return {
    installation,
    url,
    object,
    download,
    inspected: once(async () => {
      const { bytes, proof } = await download().arrived;
      return { ...inspectImage(bytes, proof, { allowSvg: options.allowSvg }), bytes };
    }),
  };
}
