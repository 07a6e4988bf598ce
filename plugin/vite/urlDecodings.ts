/** Vite decodes a path once, and the path of a `file:` URL in it once more. */
const ROUNDS = 2;

/**
 * Every text that Vite may get from a part of a URL. Some code of Vite decodes `%2F`, other code keeps it. Only a decoded one is a
 * separator, which determines what a later `..` removes. The same is true for a backslash and its escape.
 */
export function urlDecodings(text: string): string[] {
  let all = new Set([text, slash(text)]);
  for (let round = 0; round < ROUNDS; round += 1) all = new Set([...all].flatMap(onceMore));
  return [...all];
}

function onceMore(text: string): string[] {
  const texts = [text, decode(text, decodeURI), decode(text, decodeURIComponent)];
  return [...texts, ...texts.map(slash)];
}

/** Whether a reading of the URL can contain the name. This is a single search, unless there is something to decode. */
export function mayContain(url: string, lowerCaseName: string): boolean {
  let text = url;
  // One round more than there are readings: parsing a `file:` URL decodes as well.
  for (let round = 0; round <= ROUNDS + 1; round += 1) {
    if (text.toLowerCase().includes(lowerCaseName)) return true;
    if (!text.includes('%')) return false;
    // A URL parser removes these characters everywhere.
    text = decode(text, decodeURIComponent).replace(/[\t\n\r]/g, '');
  }
  return false;
}

/** Decodes all valid escapes. At a malformed one, some code of Vite stops decoding, and other code continues. */
export function decode(text: string, decoder: typeof decodeURI): string {
  return text.replace(/%[0-7][\da-f]|(?:%[89a-f][\da-f])+/gi, (escapes) => {
    try {
      return decoder(escapes);
    } catch {
      return escapes;
    }
  });
}

function slash(text: string): string {
  return text.replaceAll('\\', '/');
}
