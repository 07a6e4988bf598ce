import { access, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../helpers/child.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The Node with which this project is developed, and the one that is installed on the machine. */
export const NODES = [
  { name: 'Node 24', node: await realpath(join(root, 'node_modules', '.bin', 'node')) },
  { name: "the machine's own Node", node: await machineNode() },
] as const;

/** What a new folder needs no network for, when npm has fetched it before. */
export const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund'] as const;

const SETTINGS_OF_THE_MACHINE =
  /^(HOME|LANG|TMPDIR|\w+_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|npm_config_(registry|cache|userconfig))$/i;

/** Packs what `npm run build` has left in `dist/`, and answers where the tarball is. */
export async function packTarball(directory: string): Promise<string> {
  // Without scripts: `prepack` builds, and would take dist/ away from the tests that run on it.
  const { stdout } = await npm(['pack', '--ignore-scripts', '--pack-destination', directory], root);
  return join(directory, stdout.trim());
}

/** Runs npm in a folder, as a user who does not know this project would. */
export function npm(args: readonly string[], cwd: string, env = strangersEnv()) {
  return run('npm', [...args], { cwd, env });
}

/**
 * The environment of a user who does not know this project: it has only the machine's settings of ours. What
 * `npm run` and Vitest add would turn a build into a test build, and lend programs that the app has not installed.
 */
export function strangersEnv(node: string = NODES[0].node, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => SETTINGS_OF_THE_MACHINE.test(name));
  return { ...Object.fromEntries(kept), PATH: [dirname(node), ...systemPath()].join(delimiter), ...more };
}

function systemPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((directory) => !directory.includes('node_modules'));
}

async function machineNode(): Promise<string> {
  for (const directory of systemPath()) {
    const node = join(directory, 'node');
    if (await exists(node)) return node;
  }
  throw new Error('There is no Node on the PATH outside of node_modules.');
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Runs the app's own TypeScript.
 * @returns its complaints, and the declarations of this package that it has read, so that none read is not taken for none wrong
 */
export async function typeCheck(app: string, args: readonly string[]) {
  const compiler = join(app, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(NODES[0].node, [compiler, '--listFiles', ...args], {
    cwd: app,
    env: strangersEnv(),
  }).catch(
    (error: { stdout: string }) => error, // as for a program with mistakes
  );
  const lines = stdout.split('\n');
  return {
    complaints: lines.filter((line) => line.includes('error TS')),
    declarations: lines.filter((line) => line.includes('/vite-plugin-image-cache/dist/') && line.endsWith('.d.ts')),
  };
}
