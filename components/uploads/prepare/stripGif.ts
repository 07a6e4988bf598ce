import { type Bytes, textAt } from './bytes.ts';
import { APPLICATION, CONTROL, firstBlock, gifBlocks, IMAGE, TRAILER } from './gifBlocks.ts';
import { rewrite } from './rewrite.ts';

/** Applications whose blocks say how often the animation runs, or hold the colour profile. */
const SHOWN = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0', 'ICCRGBG1012']);

const FRAMES = new Set([CONTROL, IMAGE, TRAILER]);

/** Keeps the frames and how they are shown. Not kept: comments, texts, XMP and other blocks of applications, and all behind the trailer. */
export function stripGif(bytes: Bytes): Bytes {
  const file = rewrite(bytes);
  file.keep(0, firstBlock(bytes));
  for (const { kind, start, end } of gifBlocks(bytes)) {
    const isShown = kind === APPLICATION ? SHOWN.has(textAt(bytes, start + 3, 11)) : FRAMES.has(kind);
    if (isShown) file.keep(start, end);
  }
  return file.finish();
}
