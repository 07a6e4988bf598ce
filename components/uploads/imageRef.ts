/** A reference always has the default base: it is a name, and those who read it take its last part. */
const REF_BASE = '/api/cache/i/';

/** What names a picture. */
interface Named {
  readonly imageId: string;
  readonly ext: string;
}

export function refOf({ imageId, ext }: Named): string {
  return `${REF_BASE}${imageId}.${ext}`;
}

/** @param prefix without slashes at its ends; may be empty */
export function keyOf({ imageId, ext }: Named, prefix: string): string {
  return [prefix, imageId.slice(0, 2), `${imageId}.${ext}`].filter((part) => part !== '').join('/');
}

/** The id of the picture behind a reference, whatever base it has; `undefined` if it is none. */
export function imageIdOf(imageRef: string): string | undefined {
  return /(?:^|\/)([0-9a-f]{32}|[0-9a-f-]{36})\.[a-z0-9]{1,5}(?:[?#].*)?$/i.exec(imageRef)?.[1]?.toLowerCase();
}

/** @param picture an id, or a reference, which says of what kind the file is; `undefined` for anything else */
export function pictureOf(picture: string): { imageId: string; ext: string | undefined } | undefined {
  const [, imageId, ext] =
    /(?:^|\/)([0-9a-f]{32})(?:\.([a-z0-9]{2,5}))?(?:[?#].*)?$/i.exec(picture.toLowerCase()) ?? [];
  return imageId === undefined ? undefined : { imageId, ext };
}
