import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { build, type PluginOption } from 'vite';
import { imageCache } from 'vite-plugin-image-cache';
import { VitePWA } from 'vite-plugin-pwa';
import { vi } from 'vitest';

/** A bucket, as pages know it. */
export interface PublicBucket {
  name: string;
  endpoint: string;
}

/** Directories of production builds of the app beside this file. */
export interface BuiltApps {
  /** `base: './'`, and no other worker. */
  alone: string;
  /** The same, after `serviceWorker: false`. */
  tombstone: string;
  /** vite-plugin-pwa, below `/app/`. */
  generateSW: string;
  /** vite-plugin-pwa, at `/`. */
  injectManifest: string;
  /** Serwist, at `/`. */
  serwist: string;
  remove(): Promise<void>;
}

const root = fileURLToPath(new URL('app', import.meta.url));

export async function buildApps(bucket: PublicBucket): Promise<BuiltApps> {
  const directory = await mkdtemp(join(tmpdir(), 'image-cache-pwa-'));
  const define = { BUCKETS: JSON.stringify([bucket]) };
  const worker = imageCache({ buckets: [bucket], serviceWorker: {} });
  const pwa = { injectRegister: 'script-defer', registerType: 'autoUpdate', manifest: false } as const;
  const at = (name: string) => join(directory, name);
  // As for an app's users: under Vitest a build would be one for development.
  vi.stubEnv('NODE_ENV', 'production');

  async function app(name: string, base: string, plugins: PluginOption[]): Promise<string> {
    await build({ root, base, configFile: false, logLevel: 'silent', plugins, build: { outDir: at(name) } });
    return at(name);
  }

  const alone = await app('alone', './', [worker]);
  const tombstone = await app('tombstone', './', [imageCache({ buckets: [bucket], serviceWorker: false })]);
  const generateSW = await app('generateSW', '/app/', [
    worker,
    VitePWA({
      ...pwa,
      workbox: {
        skipWaiting: true,
        clientsClaim: true,
        importScripts: ['image-cache-sw.js'],
        globIgnores: ['image-cache-sw.js'],
        runtimeCaching: [{ urlPattern: /\/data\.json$/, handler: 'NetworkFirst' }],
      },
    }),
  ]);
  const injectManifest = await app('injectManifest', '/', [
    VitePWA({
      ...pwa,
      strategies: 'injectManifest',
      filename: 'worker.ts',
      srcDir: '.',
      injectManifest: { buildPlugins: { vite: [{ name: 'define', config: () => ({ define, logLevel: 'silent' }) }] } },
    }),
  ]);
  const serwist = await app('serwist', '/', []);
  await bundleSerwist(serwist, define);
  vi.unstubAllEnvs();
  return {
    alone,
    tombstone,
    generateSW,
    injectManifest,
    serwist,
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }),
  };
}

/** As an app does that has no plugin for it. */
async function bundleSerwist(directory: string, define: Record<string, string>): Promise<void> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const manifest = paths.map((path) => ({ url: path.slice(directory.length), revision: '1' }));
  const bundle = await rolldown({
    input: join(root, 'serwistWorker.ts'),
    platform: 'browser',
    logLevel: 'silent',
    transform: {
      define: { ...define, MANIFEST: JSON.stringify(manifest), 'process.env.NODE_ENV': '"production"' },
    },
  });
  await bundle.write({ dir: directory, format: 'iife', entryFileNames: 'sw.js' });
  await bundle.close();
}
