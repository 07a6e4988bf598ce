import { defaultClient } from './cacheClient.ts';
import { imageKey, pageOrigin } from './imageKey.ts';
import { chooseSource, requestedImages } from './imageSource.ts';

export interface ImagePropsInput {
  /** Any URL of the image. The same as `src`, and stronger. */
  s3_url?: string | undefined;
  src?: string | undefined;
  /** Candidates are served from the cache one by one. */
  srcSet?: string | undefined;
  /** Widths in pixels of variants that make up a `srcSet`, where there is a cache and no other is given. */
  widths?: readonly number[] | undefined;
  width?: number | string | undefined;
  height?: number | string | undefined;
  /** Whose image it is, should it have to be downloaded. */
  actor_id?: string | undefined;
}

/** Attributes of an `<img>` or a `<source>`. */
export interface ImageProps {
  src?: string;
  srcSet?: string;
  width?: number | string;
  height?: number | string;
}

/**
 * The attributes of an image that shows it from the cache, for an `<img>` of somebody else's, a `<source>` of a `<picture>`, a
 * background or a canvas. Synchronous, and from what the page knows now: the size only if the image is known to be cached.
 * What is not an option is returned as it is.
 * @example <picture><source {...getImageProps({ srcSet: avif, type: 'image/avif' })} /><CachedImage s3_url={jpeg} alt="" /></picture>
 */
export function getImageProps<Input extends ImagePropsInput>(
  input: Input,
): Omit<Input, keyof ImagePropsInput> & ImageProps {
  const { s3_url, src: given, srcSet: candidates, widths, width, height, actor_id, ...attributes } = input;
  const { mount, registry } = defaultClient;
  const url = s3_url ?? given;
  const request = {
    url,
    srcSet: candidates,
    widths: widths?.join(),
    actorId: actor_id,
    mount,
    pageOrigin: pageOrigin(),
  };
  const { src, srcSet } = chooseSource(request, requestedImages(request), registry.get);
  // With candidates `sizes` says how wide it is shown, and the original's size would be stronger.
  const isSized = (width ?? height ?? candidates ?? widths) !== undefined;
  const entry = isSized ? undefined : registry.get(imageKey(url ?? '')).entry;
  const size = { width: width ?? entry?.width, height: height ?? entry?.height };
  return {
    ...attributes,
    ...(size.width !== undefined && { width: size.width }),
    ...(size.height !== undefined && { height: size.height }),
    ...(srcSet !== undefined && { srcSet }),
    ...(src !== undefined && { src }),
  };
}
