import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { INSTALL, npm, strangersEnv } from '../e2e/tarball.ts';
import type { Cell, Installer } from './cell.ts';
import { Program } from './process.ts';

const INSTALL_MS = 240_000;

/** A program and its first arguments, which runs programs of the app's own packages. */
export type Runner = readonly [string, ...string[]];

/** What a cell is installed and run with, fetched from npm once, into a folder of this run. */
export class Tools {
  readonly #dir: string;
  readonly #fetched = new Map<string, Promise<string>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The environment of a stranger with this Node. */
  async env({ node = '24', installer = 'npm' }: Cell): Promise<NodeJS.ProcessEnv> {
    const packed = `node-${process.platform}-${process.arch}`;
    const bin = join(await this.#fetch(`${packed}@${node}`), packed, 'bin', 'node');
    // Others than npm do not read npm's configuration in every version.
    const { stdout } = await npm(['config', 'get', 'registry'], this.#dir);
    const registry = stdout.trim();
    const env = strangersEnv(bin, {
      npm_config_registry: registry,
      BUN_CONFIG_REGISTRY: registry,
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_ENABLE_TELEMETRY: '0',
      YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
      COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
      // No tool asks anything, or reports anything to its maker.
      CI: '1',
      DO_NOT_TRACK: '1',
      STORYBOOK_DISABLE_TELEMETRY: '1',
      ASTRO_TELEMETRY_DISABLED: '1',
    });
    if (installer !== 'bun') return env;
    return { ...env, PATH: [join(await this.#bunDir()), env['PATH']].join(delimiter) };
  }

  /** Installs what the app's package.json names, and answers how to run programs of it. */
  async install(app: string, installer: Installer, env: NodeJS.ProcessEnv): Promise<Runner> {
    const [command, ...rest] = await this.#command(installer);
    if (installer === 'yarn-pnp') {
      await writeFile(join(app, '.yarnrc.yml'), 'nodeLinker: pnp\nenableGlobalCache: false\n');
      await writeFile(join(app, 'yarn.lock'), '');
    }
    const args = installer === 'npm' ? INSTALL : ['install'];
    await new Program([command, ...rest, ...args], app, env).succeed(INSTALL_MS);
    if (installer === 'npm') return ['npx', '--no-install'];
    return installer === 'bun'
      ? [command, 'x', '--no-install']
      : [command, ...rest, installer === 'pnpm' ? 'exec' : 'run'];
  }

  async #command(installer: Installer): Promise<Runner> {
    switch (installer) {
      case 'npm':
        return ['npm'];
      case 'pnpm':
        return [join(await this.#fetch('pnpm'), '.bin', 'pnpm')];
      case 'yarn-pnp':
        return ['node', join(await this.#fetch('@yarnpkg/cli-dist'), '@yarnpkg', 'cli-dist', 'bin', 'yarn.js')];
      case 'bun':
        return [join(await this.#bunDir(), 'bun')];
    }
  }

  async #bunDir(): Promise<string> {
    const name = `@oven/bun-${process.platform}-${process.arch}`;
    return join(await this.#fetch(name), name, 'bin');
  }

  /** @returns the `node_modules` that has it */
  #fetch(spec: string): Promise<string> {
    const known = this.#fetched.get(spec);
    if (known) return known;
    const fetched = this.#install(spec);
    this.#fetched.set(spec, fetched);
    return fetched;
  }

  async #install(spec: string): Promise<string> {
    const dir = join(this.#dir, spec.replaceAll(/[^\w.]/g, '-'));
    await mkdir(dir, { recursive: true });
    await npm(['init', '--yes'], dir);
    await npm([...INSTALL, spec], dir);
    return join(dir, 'node_modules');
  }
}
