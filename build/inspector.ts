import { readFile, readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { build } from 'vite';
import { bundle } from './bundle.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/**
 * Builds the page of the inspector, with React in it, so that an app need not have React, or may have another one. Its files refer to each
 * other by relative addresses. Beside them is the script that shows in the pages of the app where their pictures come from. `files.json`
 * lists all of them: nothing else can be served.
 * @returns the absolute paths of the modules in it
 */
export async function buildInspector(root: string, directory: string): Promise<string[]> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }; // npm needs it
  const modules = new Set<string>();
  await build({
    root: join(root, 'components', 'inspector'),
    configFile: false,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    define: { __INSPECTOR_VERSION__: JSON.stringify(version) },
    plugins: [
      {
        name: 'modules',
        generateBundle(_, bundle) {
          for (const file of Object.values(bundle)) {
            if (file.type === 'chunk') for (const id of file.moduleIds) modules.add(id);
          }
        },
      },
    ],
    build: {
      outDir: directory,
      emptyOutDir: true,
      target: ['chrome123', 'firefox120', 'safari17.5'], // have `light-dark()`
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1000, // kB; check:size has the limit
    },
  });
  const script = await bundle({
    root,
    entries: { overlay: 'components/overlay/script.ts' },
    external: [],
    platform: 'browser',
    directory,
  });
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .replaceAll('\\', '/'),
    );
  const list = paths.toSorted().map((path) => [path, { type: typeOf(path), isImmutable: path.startsWith('assets/') }]);
  await writeFile(join(directory, 'files.json'), JSON.stringify(Object.fromEntries(list), undefined, 2));
  return [...modules, ...script].filter((id) => !id.startsWith('\0'));
}

function typeOf(path: string): string {
  const type = TYPES[extname(path)];
  if (type === undefined) throw new Error(`The type of ${path} is not known.`);
  return type;
}
