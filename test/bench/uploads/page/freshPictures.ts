const FILE = 'image/jpeg';

/**
 * A photograph as different files: each has a comment of its own behind the start of the image, so that its bytes, and with them its key, were
 * never seen before. It is a profile's segment, since comments are removed with the place (JPEG, ITU-T T.81, B.2.4.6; ICC.1, B.4).
 */
export async function freshPictures(url: string, count: number): Promise<File[]> {
  const jpeg = await (await fetch(url)).blob();
  return Array.from({ length: count }, (_, n) => {
    const content = new TextEncoder().encode(`ICC_PROFILE\0${crypto.randomUUID()}`);
    const head = Uint8Array.of(0xff, 0xe2, 0, content.length + 2);
    return new File([jpeg.slice(0, 2), head, content, jpeg.slice(2)], `${n}.jpg`, { type: FILE });
  });
}
