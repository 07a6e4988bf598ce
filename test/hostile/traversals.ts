const DOTS = [
  '..',
  '%2e%2e',
  '%252e%252e',
  '.%2e',
  '%c0%ae%c0%ae',
  '%ef%bc%8e%ef%bc%8e',
  '%u002e%u002e',
  '....',
  '..;',
  '..%00',
];
const SLASHES = ['/', '%2f', '%252f', '%5c', '%255c', '%c0%af', '%ef%bc%8f', '%e0%80%af', '//', '/./'];
const STARTS = [
  '',
  '/',
  './',
  '.image-cache/',
  '.image-cache/images/',
  'images/0001/',
  'file:///',
  'C:%5c',
  '%5c%5chost%5cshare%5c',
  '/etc/',
  '%00',
];
const TARGETS = [
  'canary.png',
  'etc/passwd',
  '.image-cache/manifest.json',
  'journal/0000000001.log',
  'canary.png%00.jpg',
];

/** T9: every combination of the above and a depth of 1 to 4, 22,000 in all; or one in `stride`, each another mixture. */
export function* traversals(stride: number): Generator<string> {
  let number = 0;
  for (const begin of STARTS)
    for (const dots of DOTS)
      for (const slash of SLASHES)
        for (const target of TARGETS)
          for (let depth = 1; depth <= 4; depth += 1)
            if ((number += 1) % stride === 0) yield begin + `${dots}${slash}`.repeat(depth) + target;
}

/** As a server would that decodes each byte on its own. */
export function unescapeBytes(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
