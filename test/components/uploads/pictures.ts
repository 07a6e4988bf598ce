/** What must never leave the browser: it stands in a text of each picture, which is taken out of it. */
export const SECRET = '52.5200N13.4050E';

/** A small PNG, another one for each number, that says where it was taken. */
export function pictureFile(number: number, name = `${number}.png`): File {
  return new File([pngBytes(number)], name, { type: 'image/png' });
}

export function pngBytes(number: number): Uint8Array<ArrayBuffer> {
  return png(number, chunk('tEXt', [...Buffer.from(`GPS\0${SECRET}`)]));
}

/** What is sent of it. */
export function strippedBytes(number: number): Uint8Array<ArrayBuffer> {
  return png(number, []);
}

function png(number: number, text: readonly number[]): Uint8Array<ArrayBuffer> {
  const header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0];
  const pixel = [number & 255, (number >> 8) & 255, (number >> 16) & 255, 255];
  return Uint8Array.from([
    0x89,
    0x50,
    0x4e,
    0x47,
    0x0d,
    0x0a,
    0x1a,
    0x0a,
    ...chunk('IHDR', header),
    ...text,
    ...chunk('IDAT', pixel),
    ...chunk('IEND', []),
  ]);
}

/** Its checksum is not right, at which nothing looks that only takes out chunks. */
function chunk(type: string, content: readonly number[]): number[] {
  return [0, 0, 0, content.length, ...Buffer.from(type), ...content, 0, 0, 0, 0];
}
