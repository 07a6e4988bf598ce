import { defaultClient } from './cacheClient.ts';
import { pageOrigin } from './imageKey.ts';
import { bestUrls, type ImageRequest } from './imageSource.ts';

export interface ImagePropsInput {
  /** Any URL of the image. It means the same as `src`, and takes precedence. */
  s3_url?: string | undefined;
  src?: string | undefined;
  /** Each candidate is served from the cache if it can be. */
  srcSet?: string | undefined;
  /**
   * Widths in pixels of variants, from which a `srcSet` is made if there is a cache and no other `srcSet` is given. Use it with `sizes`.
   * An image that is known to be narrower is labelled with its own width. Without `sharp`, the plugin leaves `widths` out, and says so.
   * @example [384, 640, 1200]
   */
  widths?: readonly number[] | undefined;
  /** The actor that uses the image, in case it has to be downloaded. */
  actor_id?: string | undefined;
}

/** Attributes of an `<img>` or a `<source>`. */
export interface ImageProps {
  src?: string;
  srcSet?: string;
  /** Set if the cache is at another origin. */
  crossOrigin?: 'anonymous' | 'use-credentials';
}

/**
 * Returns the attributes that show an image from the cache, for an `<img>` of another library, a `<source>` of a `<picture>`, a background
 * or a canvas. It is synchronous, and uses what the page knows now. Props that are not options are returned unchanged. It names no CDN
 * (`imageBase`), because nobody would notice that this one has failed.
 * @example <picture><source {...getImageProps({ srcSet: avif, type: 'image/avif' })} /><CachedImage s3_url={jpeg} alt="" /></picture>
 */
export function getImageProps<Input extends ImagePropsInput>(
  input: Input,
): Omit<Input, keyof ImagePropsInput> & ImageProps {
  const { s3_url, src: given, srcSet: candidates, widths, actor_id, ...attributes } = input;
  const { baseUrl, known } = defaultClient;
  const request: ImageRequest = {
    url: s3_url ?? given,
    srcSet: candidates,
    widths: widths?.join(),
    actorId: actor_id,
    baseUrl,
    pageOrigin: pageOrigin(),
  };
  const { src, srcSet, crossOrigin } = bestUrls(request, known) ?? {};
  return {
    ...attributes,
    ...(srcSet !== undefined && { srcSet }),
    // A <source> has no attribute `crossorigin`.
    ...(src !== undefined && crossOrigin !== undefined && { crossOrigin }),
    ...(src !== undefined && { src }),
  };
}
