/**
 * Has an element begin anew, without its picture. When only the URL changes, browsers keep the old picture until the
 * new one has come, which is another person's then; and of the same URL nothing would be loaded again.
 */
export function restartImage(img: HTMLImageElement): void {
  const { src, srcset } = img;
  img.removeAttribute('srcset');
  img.removeAttribute('src');
  // `srcset` first, or Safari and Firefox fetch the wrong image.
  if (srcset !== '') img.srcset = srcset;
  if (src !== '') img.src = src;
}
