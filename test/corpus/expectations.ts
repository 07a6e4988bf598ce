/** What is expected of a file in `files/`. */
interface Expectation {
  /**
   * The width and height that a browser gives it, and that we say when its length was announced. `not`: neither shows it.
   * `without a size`: shown as large as the page makes it.
   */
  shown: readonly [number, number] | 'not' | 'without a size';
  /** What becomes of it where nothing was announced. */
  unannounced: 'whole' | 'UPSTREAM_TRUNCATED' | 'NOT_AN_IMAGE';
}

const SIZE = [12, 8] as const;
const TURNED = [8, 12] as const;

/** By file name. */
export const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  'jpeg.jpg': { shown: SIZE, unannounced: 'whole' },
  'jpeg-progressive.jpg': { shown: SIZE, unannounced: 'whole' },
  'jpeg-without-eoi.jpg': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'jpeg-with-ff-behind.jpg': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'jpeg-ending-in-00-ff.jpg': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'jpeg-half.jpg': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'jpeg-without-scan.jpg': { shown: 'not', unannounced: 'UPSTREAM_TRUNCATED' },
  'jpeg-turned.jpg': { shown: TURNED, unannounced: 'whole' },
  'jpeg-in-disguise.png': { shown: SIZE, unannounced: 'whole' },
  'png.png': { shown: SIZE, unannounced: 'whole' },
  'png-without-iend.png': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'png-half.png': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'png-header-only.png': { shown: 'not', unannounced: 'UPSTREAM_TRUNCATED' },
  'png-turned.png': { shown: TURNED, unannounced: 'whole' },
  'png-turned-behind-pixels.png': { shown: SIZE, unannounced: 'whole' },
  'png-with-text-behind.png': { shown: SIZE, unannounced: 'whole' },
  'gif.gif': { shown: SIZE, unannounced: 'whole' },
  'gif-without-trailer.gif': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'gif-with-00-before-trailer.gif': { shown: SIZE, unannounced: 'NOT_AN_IMAGE' },
  'gif-header-only.gif': { shown: 'not', unannounced: 'UPSTREAM_TRUNCATED' },
  'gif-frame-larger-than-screen.gif': { shown: SIZE, unannounced: 'whole' },
  'gif-frame-beyond-screen.gif': { shown: [17, 8], unannounced: 'whole' },
  'gif-screen-larger-than-frame.gif': { shown: [40, 30], unannounced: 'whole' },
  'webp-lossy.webp': { shown: SIZE, unannounced: 'whole' },
  'webp-lossless.webp': { shown: SIZE, unannounced: 'whole' },
  'webp-half.webp': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'webp-turned.webp': { shown: SIZE, unannounced: 'whole' },
  'webp-animated.webp': { shown: SIZE, unannounced: 'whole' },
  'avif.avif': { shown: SIZE, unannounced: 'whole' },
  'avif-with-line-break-behind.avif': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'avif-turned.avif': { shown: TURNED, unannounced: 'whole' },
  'avif-turned-first.avif': { shown: TURNED, unannounced: 'whole' },
  'avif-clean-aperture.avif': { shown: SIZE, unannounced: 'whole' },
  'svg-pixels.svg': { shown: SIZE, unannounced: 'whole' },
  'svg-viewbox.svg': { shown: 'without a size', unannounced: 'whole' },
  'svg-one-side.svg': { shown: 'without a size', unannounced: 'whole' },
  'svg-percent.svg': { shown: 'without a size', unannounced: 'whole' },
  'svg-millimetres.svg': { shown: 'without a size', unannounced: 'whole' },
  'svg-em.svg': { shown: 'without a size', unannounced: 'whole' },
  'bmp.bmp': { shown: SIZE, unannounced: 'whole' },
  'bmp-half.bmp': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'bmp-os2-short-header.bmp': { shown: SIZE, unannounced: 'whole' },
  'bmp-compressed-without-length.bmp': { shown: SIZE, unannounced: 'whole' },
  'ico.ico': { shown: SIZE, unannounced: 'whole' },
  'ico-of-png.ico': { shown: SIZE, unannounced: 'whole' },
  'ico-without-last-bytes.ico': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'ico-cut-where-its-directory-ends.ico': { shown: SIZE, unannounced: 'UPSTREAM_TRUNCATED' },
  'page.png': { shown: 'not', unannounced: 'NOT_AN_IMAGE' },
  'empty.png': { shown: 'not', unannounced: 'NOT_AN_IMAGE' },
};
