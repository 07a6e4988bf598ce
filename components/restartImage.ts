/**
 * Makes an element load its URL again, without its old picture. If only the URL changed, browsers would show the old picture, perhaps
 * that of another person, until the new one has loaded. If the URL stayed the same, they would load nothing.
 */
export function restartImage(img: HTMLImageElement): void {
  const { src, srcset } = img;
  img.removeAttribute('srcset');
  img.removeAttribute('src');
  // `srcset` first, or Safari and Firefox fetch the wrong image.
  if (srcset !== '') img.srcset = srcset;
  if (src !== '') img.src = src;
}
