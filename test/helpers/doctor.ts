import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ImageCache } from '../../plugin/cache/index.ts';
import { createDoctor, type Doctor, type Installation, systemProbes } from '../../plugin/doctor/index.ts';
import type { Probes } from '../../plugin/doctor/probes.ts';
import type { DoctorCheck } from '../../plugin/inspectorProtocol.ts';
import type { ImageCacheOptions } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import type { Resolve } from '../../plugin/source/vettedLookup.ts';

/** A machine on which all is well. */
const WELL: Partial<Probes> = {
  nodeVersion: '24.0.0',
  env: {},
  platform: 'linux',
  statfs: () => Promise.resolve({ type: 0xef53, bsize: 4096, blocks: 1e9, bavail: 5e8 }),
  findSharp: () => Promise.resolve({ version: '0.35.5', formats: ['jpeg', 'webp', 'heif'] }),
};

const EMPTY: Installation['cache'] = {
  requestCount: 1,
  totals: () => Promise.resolve({ images: 0, bytes: 0 }),
  glance: () => Promise.resolve({ entry: undefined, isCertain: true }),
};

export interface Patient extends Omit<Partial<Installation>, 'options' | 'probes' | 'cache'> {
  options: ImageCacheOptions;
  probes?: Partial<Probes>;
  cache?: Partial<Pick<ImageCache, 'totals' | 'requestCount' | 'glance'>>;
}

/** A doctor for one installation. All is well with it, unless it says otherwise. */
export function doctorFor({ options, probes, cache, ...rest }: Patient): Doctor {
  const root = rest.root ?? '/nowhere/app';
  const doctor = createDoctor({
    root,
    dir: join(root, '.image-cache'),
    server: { kind: 'vite', vite: { version: '8.3.8', plugins: 1, allowedHosts: [] } },
    options: resolveOptions(options, {}),
    cache: { ...EMPTY, ...cache },
    probes: { ...systemProbes, access: () => Promise.resolve(), ...WELL, ...probes },
    ...rest,
  });
  onTestFinished(() => doctor.close());
  return doctor;
}

/** What is not as it should be, as `fail bucket.tls`. */
export function findings(checks: readonly DoctorCheck[]): string[] {
  return checks
    .filter(({ status }) => status === 'warn' || status === 'fail')
    .map(({ status, id }) => `${status} ${id}`);
}

/** A server in place of S3. @returns its origin */
export async function startServer(handle: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = http.createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
}

/** A name server that knows these names, and gives all of them this machine's address. */
export function resolving(...names: string[]): Resolve {
  return (hostname, _options, callback) => {
    if (names.includes(hostname)) return callback(null, [{ address: '127.0.0.1', family: 4 }]);
    callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
  };
}
