import { useEffect, useRef } from 'react';
import { useLatest } from '../../../useLatest.ts';

const EDGE = 112;

/** A small picture of bytes in the browser. It is drawn, since the page shows no images but those of its server. */
export function UploadThumb({ bytesOf }: { bytesOf: () => Promise<Blob | undefined> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useLatest(bytesOf);

  useEffect(() => {
    let isShown = true;
    const draw = async (): Promise<void> => {
      const bytes = await latest.current();
      if (!bytes || !isShown) return;
      const bitmap = await createImageBitmap(bytes, { resizeWidth: EDGE, resizeQuality: 'medium' });
      const top = Math.max(0, (bitmap.height - EDGE) / 2);
      if (isShown) canvas.current?.getContext('2d')?.drawImage(bitmap, 0, -top);
      bitmap.close();
    };
    // A format that the browser cannot show, or bytes that are gone: the box stays empty.
    draw().catch(() => {});
    return () => {
      isShown = false;
    };
  }, [latest]);

  return <canvas ref={canvas} width={EDGE} height={EDGE} aria-hidden="true" />;
}
