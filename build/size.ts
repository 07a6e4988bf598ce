/**
 * `npm run check:size`: what a page loads ahead of its first image, as gzip, in a production build of what `npm run build` has made. Fails
 * above a limit, and says when one comes near.
 */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** Bytes of gzip, by what is imported of `/react`; why not less is in docs/architecture.md. */
const LIMITS = { '{ CachedImage }': 7_060, '*': 14_130 };
/** A limit is near from here on. */
const NEAR = 0.985;

const react = join(import.meta.dirname, '..', 'dist', 'components', 'index.js');
let isTooLarge = false;
for (const [exported, limit] of Object.entries(LIMITS)) {
  const size = await sizeOf(exported);
  isTooLarge ||= size > limit;
  const verdict = size > limit ? 'TOO LARGE' : size > limit * NEAR ? 'warning: near its limit' : 'fine';
  console.log(`${exported}: ${size} of ${limit} bytes, ${verdict}`);
}
process.exitCode = isTooLarge ? 1 : 0;

/** All that is imported statically, from the entry on: what is imported when it is needed is loaded later. */
async function sizeOf(exported: string): Promise<number> {
  const entry = '\0entry';
  const bundle = await rolldown({
    input: entry,
    external: /^react/,
    logLevel: 'silent',
    platform: 'browser',
    preserveEntrySignatures: 'strict',
    transform: {
      define: { 'import.meta.env': '{"DEV":false,"BASE_URL":"/"}', 'import.meta.hot': 'undefined' },
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (source) => (source === entry ? entry : null),
        load: (source) => (source === entry ? `export ${exported} from ${JSON.stringify(react)};` : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  const chunks = output.filter((chunk) => chunk.type === 'chunk');
  const first = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of first) {
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) first.add(imported);
  }
  const code = chunks.flatMap((chunk) => (first.has(chunk.fileName) ? chunk.code : [])).join('');
  return gzipSync(code).length;
}
