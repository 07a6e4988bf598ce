/**
 * `npm run build`, after `tsc` has written the declarations and the browser's modules. The server's half becomes a few
 * files that are quick to import, and hold the small packages they need, so that an app need not install those. The inspector becomes a
 * page of its own.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { buildInspector } from './inspector.ts';
import { buildWorkerScripts } from './workerScripts.ts';
import { licensesOf } from './licenses.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
// package.json of this project
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'peerDependencies',
  Record<string, string>
>;
const external = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

const modules = [
  ...(await bundle({
    root,
    entries: { index: 'plugin/index.ts', express: 'plugin/express.ts', cli: 'plugin/cli.ts' },
    external,
    platform: 'node',
    directory: join(dist, 'plugin'),
  })),
  // The browser's modules import them, as the server's do.
  ...(await bundle({
    root,
    entries: { signatures: 'plugin/signatures.ts', amounts: 'plugin/amounts.ts' },
    external,
    platform: 'browser',
    directory: join(dist, 'plugin'),
  })),
  ...(await bundle({
    root,
    entries: { thumbHash: 'components/client/thumbHash.ts' },
    external,
    platform: 'browser',
    directory: join(dist, 'components', 'client'),
  })),
  ...(await bundle({
    root,
    entries: { idb: 'components/uploads/outbox/idb.ts' },
    external,
    platform: 'browser',
    directory: join(dist, 'components', 'uploads', 'outbox'),
  })),
  ...(await buildWorkerScripts(root, dist)),
  ...(await buildInspector(root, join(dist, 'inspector'))),
];
await writeFile(join(dist, 'THIRD-PARTY-LICENSES.md'), await licensesOf(modules));
