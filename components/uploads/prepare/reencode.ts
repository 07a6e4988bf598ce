import type { Bytes } from './bytes.ts';

export interface ReencodeOptions {
  /** The longer edge is at most so many pixels; never enlarges. */
  maxEdge?: number | undefined;
  /** @default 'keep' */
  format?: 'keep' | 'jpeg' | 'webp' | undefined;
  /** 0 to 1. @default 0.85 */
  quality?: number | undefined;
}

export interface Reencoded {
  bytes: Bytes;
  /** What the browser has made, which is not always what it was asked for. */
  type: string;
}

/** What a canvas of an iPhone can hold; beyond it, all that is drawn is lost without an error. */
const MAX_PIXELS = 16_777_216;
/** Pictures without transparency. */
const OPAQUE = new Set(['image/jpeg', 'image/heic', 'image/bmp']);
/** What a canvas can write, in place of what it cannot. */
const KEPT: Readonly<Record<string, string>> = {
  'image/png': 'image/png',
  'image/gif': 'image/png',
  'image/webp': 'image/webp',
  'image/avif': 'image/webp',
};

/**
 * Draws a picture anew on a canvas of the page, smaller if need be, and encodes it: metadata is lost, and so are its colour profile (it becomes sRGB)
 * and its gain map. `createImageBitmap` applies the orientation itself, and no option makes Chromium not do so. Encoders
 * differ between browsers: hash what comes out, once.
 *
 * Where a browser cannot write WebP it hands over a PNG: of what cannot be transparent a JPEG is made then, and all else
 * stays that PNG.
 * @returns `undefined` when there is nothing to be gained: the picture is small enough, and has the format already
 * @throws what the browser throws when it cannot decode the picture; RangeError when it is too large for a canvas
 */
export async function reencode(blob: Blob, options: ReencodeOptions): Promise<Reencoded | undefined> {
  const { maxEdge = Infinity, format = 'keep', quality = 0.85 } = options;
  const bitmap = await createImageBitmap(blob);
  try {
    const scale = Math.min(1, maxEdge / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && format === 'keep') return undefined;
    const isOpaque = OPAQUE.has(blob.type);
    const type = format === 'keep' ? (KEPT[blob.type] ?? 'image/jpeg') : `image/${format}`;
    const canvas = draw(bitmap, scale, type === 'image/jpeg');
    const made = await encode(canvas, type, quality);
    const best = made.type !== type && isOpaque ? await encode(canvas, 'image/jpeg', quality) : made;
    if (scale === 1 && best.type === blob.type && best.size >= blob.size) return undefined;
    return { bytes: new Uint8Array(await best.arrayBuffer()), type: best.type };
  } finally {
    bitmap.close();
  }
}

function draw(bitmap: ImageBitmap, scale: number, onWhite: boolean): HTMLCanvasElement {
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  if (context === null || width * height > MAX_PIXELS) throw new RangeError('The picture is too large for a canvas.');
  // JPEG has no transparency, and a canvas would make it black.
  if (onWhite) {
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

function encode(canvas: HTMLCanvasElement, type: string, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The canvas is empty.'))), type, quality);
  });
}
