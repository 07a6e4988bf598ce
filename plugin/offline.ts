import { ImageCacheError } from './errors.ts';
import { OFFLINE_VARIABLE } from './protocol.ts';

/** The refusal of what needs S3, or would remove what can only be had from there. @param what is not done, as the beginning of a sentence */
export function offlineRefusal(what: string): ImageCacheError {
  return new ImageCacheError('OFFLINE', `${what}, because the image cache is offline by choice.`, {
    hint: `Start the server with ${OFFLINE_VARIABLE}=0, or without the option \`offline\`.`,
  });
}

/** The refusal of an image that would only fit if others were removed. @param limit the option that says how much there may be */
export function offlineFull(limit: string): ImageCacheError {
  return offlineRefusal(`The image is not stored, since there is more in the cache than \`${limit}\` allows`);
}
