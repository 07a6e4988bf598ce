import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { npm } from '../e2e/tarball.ts';
import { type Cell, json } from './cell.ts';

/** The app of a cell in a folder of its own, with the tarball among its dependencies; nothing is installed yet. */
export async function writeApp(cell: Cell, parent: string, tarball: string): Promise<string> {
  const app = join(parent, cell.folder ?? 'app');
  if (cell.create) {
    const [initializer = '', ...args] = cell.create;
    await npm(['create', '--yes', initializer, ...args.slice(0, 1), '--', ...args.slice(1)], parent);
    await cell.prepare?.(app);
  } else {
    await mkdir(app, { recursive: true });
  }
  for (const [name, text] of Object.entries(cell.files ?? {})) {
    await mkdir(dirname(join(app, name)), { recursive: true });
    await writeFile(join(app, name), text);
  }
  await addDependencies(join(app, 'package.json'), {
    ...cell.dependencies,
    'vite-plugin-image-cache': `file:${tarball}`,
  });
  return app;
}

async function addDependencies(file: string, dependencies: Record<string, string>): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => json({ name: 'app', version: '1.0.0', type: 'module' }));
  const manifest = JSON.parse(text) as { dependencies?: Record<string, string> }; // npm's own, or the line above
  // Yarn would make a project of the folder above.
  await writeFile(
    file,
    json({ private: true, ...manifest, dependencies: { ...manifest.dependencies, ...dependencies } }),
  );
}

/** The version of a package that was installed. Under Plug'n'Play it lies in an archive, and its lock file has it. */
export async function installedVersion(app: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(app, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) return (JSON.parse(text) as { version?: string }).version;
  const lock = await readFile(join(app, 'yarn.lock'), 'utf8').catch(() => '');
  return new RegExp(`resolution: "${name}@npm:([^"]+)"`).exec(lock)?.[1];
}
