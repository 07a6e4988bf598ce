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
  return [...plain, ...transformed.flatMap((file) => otherSpellings(root, base, directory, file))];
}

function otherSpellings(root: string, base: string, directory: string, file: string): string[] {
  return [
    `${base}@fs${root}/${directory}/${file}`,
    `${base}@fs/${root}/${directory}/${file}`,
    `${base}@fs${root}/src/../${directory}/${file}`,
    `${base}@id${root}/${directory}/${file}`,
    `${base}@id/__x00__${root}/${directory}/${file}`,
    `${base}x/../${directory}/${file}`,
    `${base}x/..%2f${directory}/${file}`,
    `${base}%2e%2e/${basename(root)}/x/../../${directory}/${file}`,
    `${base}/${directory}/${file}`,
    `${base}.//${directory}/./${file}`,
    `${base}${directory.replace('.', '%2e')}/${file}`,
    `${base}${directory.toUpperCase()}/${file}`,
    `${base}${directory}%2f${file}`,
    `${base}%E0%A4/../${directory}/${file}`,
    `${root}/${directory}/${file}`,
  ];
}
