import { basename } from 'node:path';

/** T8: the queries that make Vite transform, inline or wrap a file instead of sending it. */
export const VITE_QUERIES = [
  '',
  '?raw',
  '?import',
  '?url',
  '?inline',
  '?import&url',
  '?inline&import',
  '?raw??',
  '?import&raw??',
  '?.svg?import',
  '?.wasm?init',
  '?import&.wasm?init',
  '?worker',
  '?worker&inline',
  '?sharedworker',
  '?html-proxy',
  '?commonjs-proxy',
  '?t=1',
  '?v=1',
  '?direct',
  '?no-inline',
  '?%72aw',
];

const CACHE_FILES = ['manifest.json', 'images/a.svg', 'images/a.jpg', 'images/none.jpg', ''];
const TRANSFORMED = ['manifest.json', 'manifest.json?import&raw', 'images/a.svg?raw', 'images/a.jpg?inline&import'];

/** The URLs by which Vite serves, or once served, a file of a directory below its root. */
export function waysInto(root: string, base = '/', directory = '.image-cache', files = CACHE_FILES): string[] {
  const plain = files.flatMap((file) => VITE_QUERIES.map((query) => `${base}${directory}/${file}${query}`));
  const transformed = files === CACHE_FILES ? TRANSFORMED : files.flatMap((file) => [file, `${file}?import&raw`]);
  return [
    ...plain,
    ...transformed.flatMap((file) => Object.values(spellings(root, base, `${directory}/${file}`)).flat()),
  ];
}

/** Other URLs of a file of which the path from the root is given, by what makes it hard to see that they are. */
export function spellings(root: string, base: string, file: string): Record<string, string[]> {
  const name = file.slice(0, file.indexOf('/'));
  const rest = file.slice(name.length);
  const encoded = name.replace('.', '%2e') + rest;
  return {
    'an absolute path': [`${base}@fs${root}/${file}`, `${base}@fs/${root}/${file}`, `${root}/${file}`],
    'the id of a module': [
      `${base}@id${root}/${file}`,
      `${base}@id/${root}/${file}`,
      `${base}@id/__x00__${root}/${file}`,
      `${base}@id/__x00__/@fs${root}/${file}`,
      `${base}@id/${file}`,
      `${base}@id//${file}`,
      `${base}@id/./${file}`,
    ],
    dots: [
      `${base}@fs${root}/src/../${file}`,
      `${base}x/../${file}`,
      `${base}x/..%2f${file}`,
      `${base}%2e%2e/${basename(root)}/x/../../${file}`,
      `${base}../${file}`,
      `${base}.//${name}/.${rest}`,
    ],
    'empty names': [
      `${base}/${file}`,
      `${base}@fs${root}//../${file}`, // a URL parser takes away the empty name, others the last of the root's
      `${base}@fs${root}/x//../../${file}`,
    ],
    'escapes, and upper case': [
      `${base}${name.toUpperCase()}${rest}`,
      `${base}${encoded}`,
      `${base}${name}%2f${rest.slice(1)}`,
      `${base}%E0%A4/../${file}`,
      `${base}${encoded}?%E0%A4`,
      `${base}@%66s${root}/${file}`,
      `${base}@%69d/${root}/${file}`,
    ],
    'an escaped slash or question mark that stays one': [
      `${base}a%2Fb/../${encoded}`,
      `${base}@fs${root}/a%2Fb/../${encoded}`,
      `${base}@fs${root}/x%3F/../${encoded}`,
      `${base}y%5Cz/../${encoded}`,
    ],
    backslashes: [
      `${base}x\\..\\${file}`,
      `${base}@fs${root}/x\\..\\${file}`,
      `${base}@fs/${root}\\${file}`,
      `${base}@fs${root}/.\\${file}`,
      `${base}@fs${root}/x%5C..%5C${file}`,
      `${base}@fs${root}/x%5C..\\${encoded}`,
    ],
    'a query that seems to lead out': [
      `${base}@fs${root}/${file}?/../../../../../..`,
      `${base}@id/${root}/${file}?/../../../../../..`,
    ],
    'a query before the path': [
      `${base}@fs${root}/x?/../${file}`,
      `${base}@fs${root}/x?a?b=1&/../${file}`,
      `${base}@id//@fs${root}/x?/../${file}`,
      `${base}@id/file://localhost${root}/x?/../${encoded}`,
      `${base}x?html-proxy&/../..${root}/${file}`,
      `${base}x?html-proxy&/../..${root}/x\\..\\${file}`,
    ],
    'prefixes in prefixes': [
      `${base}@id//@fs${root}/${file}`,
      `${base}@id//@fs//${root}/${file}`,
      `${base}@id/@fs${root}/${file}`,
      `${base}@fs/@fs${root}/${file}`,
      `${base}@id/@id${root}/${file}`,
    ],
    'a file: URL': [
      `${base}@id/file://${root}/${file}`,
      `${base}@id/file:///${root}/${file}`,
      `${base}@id/file://${root}/x/../${file}`,
    ],
    'a file: URL, which is parsed': [
      `${base}@id/file://localhost${root}/${file}`,
      `${base}@id/file://${root}/${name.replace('.', '%252e')}${rest}`,
      `${base}@id/file://${root}/${name.replace('.', '.%09')}${rest}`,
      `${base}@id/file://${root}/x//../${name.replace('.', '%252e')}${rest}`,
    ],
    'a way out of node_modules': [
      `${base}@id/x/../../${file}`,
      `${base}@id/@x/y/../../../${encoded}`,
      `${base}@id/x/../../../${basename(root)}/${file}`,
    ],
    'a prefix that dots take away, but that is cut off all the same': [
      `${base}@fs/../abcd${root}/${file}`,
      `${base}@fs/../abcd/${file}`,
      `${base}@fs/..//abc/${file}`,
      `${base}@fs/%2e%2e/%61bcd${root}/${encoded}`,
    ],
  };
}

/** URLs that are no paths, as a proxy is sent them. HTTP/2 does not let them pass. */
export function wholeUrls(root: string, file: string): string[] {
  return [`http://x/../../${file}`, `file://${root}/${file}`];
}
