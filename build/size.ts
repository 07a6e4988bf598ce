/**
 * `npm run check:size`: what a page loads ahead of its first image, what a service worker loads, and what the inspector loads, as gzip, in a production build of what
 * `npm run build` has made. Fails above a limit, and says when one comes near.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

interface Limit {
  entry: 'react' | 'uploads' | 'sw' | 'overlay';
  exported: string;
  /** What is imported when it is needed counts, too. */
  isWhole: boolean;
  /** Of gzip; why not less is in docs/architecture.md. */
  bytes: number;
}

const LIMITS: readonly Limit[] = [
  { entry: 'react', exported: '{ CachedImage }', isWhole: false, bytes: 7_250 },
  { entry: 'react', exported: '*', isWhole: false, bytes: 14_300 },
  { entry: 'uploads', exported: '*', isWhole: true, bytes: 34_900 },
  { entry: 'sw', exported: '{ handleImages, createImageHandler }', isWhole: true, bytes: 6_250 },
  // For pages.
  { entry: 'sw', exported: '{ clearOfflineImages, estimateOffline, setOfflineUser }', isWhole: true, bytes: 1_350 },
  { entry: 'overlay', exported: '*', isWhole: true, bytes: 4_000 },
  { entry: 'sw', exported: '{ registerImageWorker }', isWhole: true, bytes: 700 },
];
/** A limit is near from here on. */
const NEAR = 0.985;

const components = join(import.meta.dirname, '..', 'dist', 'components');
const files = {
  react: join(components, 'index.js'),
  uploads: join(components, 'uploads', 'index.js'),
  sw: join(components, 'sw', 'index.js'),
  overlay: join(components, 'overlay', 'index.js'),
};
/** All that the inspector's page loads. */
const INSPECTOR_LIMIT = 110_000;

let isTooLarge = false;
for (const limit of LIMITS) {
  const { entry, exported, bytes } = limit;
  judge(`/${entry} ${exported}`, await sizeOf(limit), bytes);
}
judge('inspector', await sizeOfPage(join(components, '..', 'inspector')), INSPECTOR_LIMIT);
process.exitCode = isTooLarge ? 1 : 0;

function judge(name: string, size: number, bytes: number): void {
  isTooLarge ||= size > bytes;
  const verdict = size > bytes ? 'TOO LARGE' : size > bytes * NEAR ? 'warning: near its limit' : 'fine';
  console.log(`${name}: ${size} of ${bytes} bytes, ${verdict}`);
}

async function sizeOfPage(directory: string): Promise<number> {
  const list = JSON.parse(await readFile(join(directory, 'files.json'), 'utf8')) as object; // the build has written it
  const paths = Object.keys(list).filter((path) => path !== 'overlay.js'); // it is for the pages of the app
  const files = await Promise.all(paths.map((path) => readFile(join(directory, path))));
  return files.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
}

/** All that is imported statically, from the entry on: what is imported when it is needed is loaded later. */
async function sizeOf({ entry: name, exported, isWhole }: Limit): Promise<number> {
  const entry = '\0entry';
  const bundle = await rolldown({
    input: entry,
    external: /^react/,
    logLevel: 'silent',
    platform: 'browser',
    preserveEntrySignatures: 'strict',
    transform: {
      // As Vite does: what only development needs is gone.
      define: { 'import.meta.env.DEV': 'false', 'import.meta.env.BASE_URL': '"/"', 'import.meta.hot': 'undefined' },
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (source) => (source === entry ? entry : null),
        load: (source) => (source === entry ? `export ${exported} from ${JSON.stringify(files[name])};` : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  const chunks = output.filter((chunk) => chunk.type === 'chunk');
  const first = new Set(chunks.filter(({ isEntry }) => isWhole || isEntry).map(({ fileName }) => fileName));
  for (const name of first) {
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) first.add(imported);
  }
  const code = chunks.flatMap((chunk) => (first.has(chunk.fileName) ? chunk.code : [])).join('');
  return gzipSync(code).length;
}
