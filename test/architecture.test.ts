import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  /** The importing file, relative to the project. */
  from: string;
  /** A file relative to the project, or the name of a package. */
  to: string;
  typeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;

function importsOf(from: string): Import[] {
  const source = readFileSync(join(root, from), 'utf8');
  return [...source.matchAll(STATEMENT)].map(([, type, statement, dynamic]) => {
    const target = statement ?? dynamic ?? '';
    const to = target.startsWith('.') ? normalize(join(dirname(from), target)) : target;
    return { from, to, typeOnly: type !== undefined };
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

const plugin = filesIn('plugin').flatMap(importsOf);
const components = filesIn('components').flatMap(importsOf);
const demo = filesIn('demo').flatMap(importsOf);

/** Below each folder, the folders it may import; what lies flat in `plugin/` is listed by name. */
const BASE = [
  'formats.ts',
  'protocol.ts',
  'uploadProtocol.ts',
  'inspectorProtocol.ts',
  'errors.ts',
  'offline.ts',
  'redact.ts',
  'options.ts',
  'timeSlice.ts',
  'recentMap.ts',
  'withResolvers.ts',
  'after.ts',
  'timeline.ts',
  'channels.ts',
  'version.ts',
];
const MAY_IMPORT: Record<string, string[]> = {
  'formats.ts': [],
  'protocol.ts': [],
  'uploadProtocol.ts': ['protocol.ts'],
  'inspectorProtocol.ts': ['protocol.ts'],
  'signatures.ts': [],
  'redact.ts': [],
  'timeSlice.ts': [],
  'recentMap.ts': [],
  'withResolvers.ts': [],
  'after.ts': [],
  'timeline.ts': ['protocol.ts', 'inspectorProtocol.ts'],
  'channels.ts': ['protocol.ts', 'inspectorProtocol.ts'],
  'version.ts': [],
  'amounts.ts': [],
  'endpoint.ts': ['errors.ts'],
  'errors.ts': ['protocol.ts', 'redact.ts'],
  'offline.ts': ['errors.ts', 'protocol.ts'],
  'options.ts': ['formats.ts', 'protocol.ts', 'uploadProtocol.ts'],
  'startError.ts': ['errors.ts'],
  checks: [...BASE, 'amounts.ts', 'endpoint.ts'],
  'resolveOptions.ts': [...BASE, 'amounts.ts', 'endpoint.ts', 'checks'],
  'causes.ts': [],
  'logger.ts': [...BASE, 'causes.ts', 'cache'],
  cache: BASE,
  uploads: [...BASE, 'cache'],
  source: [...BASE, 'cache', 'uploads', 'endpoint.ts', 'signatures.ts'],
  images: [...BASE, 'cache'],
  doctor: [...BASE, 'endpoint.ts', 'version.ts', 'cache', 'source', 'images'],
  http: [...BASE, 'cache', 'uploads', 'doctor'],
  vite: [...BASE, 'startError.ts', 'logger.ts', 'cache', 'uploads', 'doctor', 'http'],
  'project.ts': ['options.ts'],
  'createCache.ts': [...BASE, 'cache', 'source', 'images'],
  'createUploads.ts': [...BASE, 'cache', 'uploads', 'source', 'images'],
  'createApi.ts': [...BASE, 'createCache.ts', 'createUploads.ts', 'project.ts', 'cache', 'uploads', 'doctor', 'http'],
  'plugin.ts': [...BASE, 'startError.ts', 'resolveOptions.ts', 'createApi.ts', 'project.ts', 'uploads', 'http', 'vite'],
  'express.ts': [...BASE, 'startError.ts', 'checks', 'resolveOptions.ts', 'createApi.ts', 'logger.ts', 'cache', 'http'],
  'index.ts': [...BASE, 'plugin.ts'],
  cli: [...BASE, 'version.ts', 'resolveOptions.ts', 'createCache.ts', 'logger.ts', 'cache', 'doctor', 'vite'],
  'cli.ts': ['cli'],
};

/** The same inside `plugin/cache/`, from the ground up: each folder imports only folders above it in this table. */
const CACHE_MAY_IMPORT: Record<string, string[]> = {
  injected: [],
  queue: [],
  files: ['queue'],
  manifest: ['injected', 'queue', 'files'],
  store: ['injected', 'queue', 'files', 'manifest'],
  reporting: ['injected', 'manifest', 'store'],
  limits: ['injected', 'queue', 'manifest', 'store'],
  variants: ['injected', 'queue', 'files', 'manifest', 'store', 'limits'],
  preloading: ['injected', 'queue', 'manifest', 'store'],
  discovery: ['injected', 'queue', 'files', 'manifest', 'store', 'variants'],
  fetch: ['injected', 'queue', 'files', 'manifest', 'store', 'reporting', 'limits', 'discovery'],
  insight: ['injected', 'queue', 'files', 'manifest', 'store', 'reporting', 'limits', 'variants', 'discovery', 'fetch'],
  packs: ['injected', 'queue', 'files', 'manifest', 'store', 'fetch'],
  'atStart.ts': ['files', 'manifest'],
};
/** What lies flat in `plugin/cache/` puts the folders together, and may import all of them. */
const CACHE_TOP = [
  'imageCache.ts',
  'imageCacheSettings.ts',
  'createCacheParts.ts',
  'cacheMetrics.ts',
  'imagePipeline.ts',
  'removal.ts',
  'index.ts',
];
/** Of `plugin/cache/`, all that others may import; the second one is for Vite's start, which must not import the cache (E4). */
const CACHE_ENTRIES = ['plugin/cache/index.ts', 'plugin/cache/atStart.ts'];
const isOfStart = (file: string) => partOf(file) === 'vite' || file === 'plugin/uploads/ensureOwnOutbox.ts';
/** What Vite's start imports only when it needs it: the first request, and the option `uploads`. */
const LAZY = [
  'plugin/plugin.ts → plugin/createApi.ts',
  'plugin/plugin.ts → plugin/project.ts',
  'plugin/plugin.ts → plugin/http/inspector/page.ts',
  'plugin/plugin.ts → plugin/uploads/ensureOwnOutbox.ts',
];

/** What the server and the browser say to each other. */
const PROTOCOL = new Set(['plugin/protocol.ts', 'plugin/uploadProtocol.ts', 'plugin/inspectorProtocol.ts']);

/** Code that both sides run; it imports nothing. */
const SHARED = new Set(['plugin/signatures.ts', 'plugin/amounts.ts']);

const isInspector = (file: string) => file.startsWith('components/inspector/');

/** `plugin/cache/files/blobStore.ts` → `cache`, `plugin/errors.ts` → `errors.ts` */
const partOf = (file: string) => file.split('/')[1] ?? '';
/** `plugin/cache/files/blobStore.ts` → `files`, `plugin/cache/imagePipeline.ts` → `imagePipeline.ts` */
const floorOf = (file: string) => file.split('/')[2] ?? '';
/** Files that import each other, directly or by way of others. */
function circlesAmong(imports: readonly Import[]): string[][] {
  const reachedFrom = (start: string): Set<string> => {
    const reached = new Set<string>();
    const queue = [start];
    for (const file of queue) {
      for (const { from, to } of imports) {
        if (from !== file || reached.has(to)) continue;
        reached.add(to);
        queue.push(to);
      }
    }
    return reached;
  };
  const reach = new Map([...new Set(imports.map(({ from }) => from))].map((file) => [file, reachedFrom(file)]));
  const inCircle = [...reach.keys()].filter((file) => reach.get(file)?.has(file));
  const circles = inCircle.map((file) =>
    inCircle.filter((other) => reach.get(file)?.has(other) && reach.get(other)?.has(file)),
  );
  return [...new Map(circles.map((files) => [files.toSorted().join(), files.toSorted()])).values()];
}

const show = ({ from, to }: Import) => `${from} → ${to}`;

describe('imports point one way', () => {
  it('finds the imports it is to judge', () => {
    expect(plugin.length).toBeGreaterThan(200);
    expect(plugin.map(show)).toContain('plugin/plugin.ts → plugin/vite/serve.ts');
    expect(components.map(show)).toContain('components/index.ts → components/client/index.ts');
  });

  it('protocol ← cache ← uploads ← source, images ← doctor ← http ← vite ← plugin', () => {
    const wrong = plugin
      .filter(({ to }) => to.startsWith('plugin/'))
      .filter(({ from, to }) => partOf(from) !== partOf(to) && !MAY_IMPORT[partOf(from)]?.includes(partOf(to)));
    expect(wrong.map(show)).toEqual([]);
  });

  it('inside the cache too: queue ← files ← manifest ← store ← limits ← variants ← discovery ← fetch', () => {
    const inside = plugin.filter(({ from, to }) => [from, to].every((file) => file.startsWith('plugin/cache/')));
    expect(inside.length).toBeGreaterThan(300);
    const wrong = inside
      .filter(({ from, to }) => floorOf(from) !== floorOf(to) && !CACHE_TOP.includes(floorOf(from)))
      .filter(({ from, to }) => !CACHE_MAY_IMPORT[floorOf(from)]?.includes(floorOf(to)));
    expect(wrong.map(show)).toEqual([]);
  });

  it('the table of the cache is in order, and names every folder and every file beside them', () => {
    const floors = Object.keys(CACHE_MAY_IMPORT);
    const later = floors.flatMap((floor, at) =>
      (CACHE_MAY_IMPORT[floor] ?? [])
        .filter((below) => !floors.slice(0, at).includes(below))
        .map((below) => [floor, below]),
    );
    expect(later).toEqual([]);
    expect(new Set([...floors, ...CACHE_TOP])).toEqual(new Set(filesIn('plugin/cache').map(floorOf)));
  });

  it('others import one file of the cache, and those that Vite starts with one other', () => {
    const wrong = plugin
      .filter(({ from, to }) => partOf(from) !== 'cache' && to.startsWith('plugin/cache/'))
      .filter(({ from, to }) => !CACHE_ENTRIES.includes(to) || (to === CACHE_ENTRIES[1] && !isOfStart(from)));
    expect(wrong.map(show)).toEqual([]);
  });

  it('no file of the cache imports one that leads back to it, not even for a type', () => {
    const circles = circlesAmong(plugin.filter(({ from }) => from.startsWith('plugin/cache/')));
    expect(circles).toEqual([]);
  });

  it('finds the circles it is to judge', () => {
    const link = (from: string, to: string): Import => ({ from, to, typeOnly: true });
    const circles = circlesAmong([link('a', 'b'), link('b', 'c'), link('c', 'b'), link('c', 'd')]);
    expect(circles).toEqual([['b', 'c']]);
  });

  it('the Node side imports nothing of the browser side', () => {
    expect(plugin.filter(({ to }) => to.startsWith('components/')).map(show)).toEqual([]);
  });

  it.each([
    ['vite', ['vite'], ['plugin.ts']],
    ['express', ['http'], []],
    ['@aws-sdk/client-s3', ['source'], ['options.ts']],
    ['proper-lockfile', ['cache', 'uploads'], []],
    ['sharp', ['images'], []],
    ['thumbhash', ['images'], []],
  ])('only one folder imports %s; its types may be named where listed', (name, folders, types) => {
    const wrong = plugin
      .filter(({ to }) => to === name || to.startsWith(`${name}/`))
      .filter(({ from, typeOnly }) => !folders.includes(partOf(from)) && !(typeOnly && types.includes(partOf(from))));
    expect(wrong.map(show)).toEqual([]);
  });

  it('S1: what lists, makes, moves and removes files of the cache goes through one file, which looks at the folders first', () => {
    const calls = /\b(?:readdir|opendir|mkdir|rename|rmdir|rm|unlink|cp|symlink)(?:Sync)?\b/;
    const imports = /^import \{([^}]*)\} from 'node:fs(?:\/promises)?';/gm;
    const wrong = filesIn('plugin').filter((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(imports)].some(([, names = '']) => calls.test(names)),
    );
    expect(wrong.map((file) => file.replace('plugin/cache/', '')).toSorted()).toEqual([
      'discovery/fallbackDirs.ts', // only reads, in other directories
      'files/ensureOwnDirectory.ts', // decides whether the directory is ours at all
      'files/makeDirectory.ts', // called by ownFolders.ts
      'files/ownFolders.ts',
      'files/replaceFile.ts', // called by ownFolders.ts, and by blobStore.ts after a look
      'plugin/cli/commands/export.ts', // the file of the pack, where the user wants it
      'plugin/uploads/ensureOwnOutbox.ts', // decides whether the outbox is ours at all
      'plugin/uploads/outboxFolder.ts', // the same as ownFolders.ts, for the outbox
    ]);
  });

  it('E4: what Vite imports when it starts leads neither to Express nor to the cache', () => {
    const isDynamic = (each: Import) => LAZY.includes(show(each));
    const reached = new Set(['plugin/index.ts']);
    for (const file of reached) {
      for (const each of plugin) if (each.from === file && !each.typeOnly && !isDynamic(each)) reached.add(each.to);
    }
    expect([...reached]).toContain('plugin/vite/serve.ts');
    const unwanted = [
      'express',
      'zod',
      'lru-cache',
      'proper-lockfile',
      'plugin/createApi.ts',
      'plugin/cache/imageCache.ts',
    ];
    expect(unwanted.filter((name) => reached.has(name))).toEqual([]);
    expect([...reached].filter((name) => name.startsWith('plugin/')).length).toBeLessThan(57);
    const source = readFileSync(join(root, 'plugin/plugin.ts'), 'utf8');
    for (const each of LAZY) {
      expect(source).toContain(`await import('${each.replace('plugin/plugin.ts → plugin', '.')}')`);
    }
  });

  it('the AWS SDK is never imported at the top of a file', () => {
    const sdk = plugin.filter(({ to, typeOnly }) => to.startsWith('@aws-sdk/') && !typeOnly);
    const statements = sdk.filter(({ from }) =>
      /^import [^(]*'@aws-sdk/m.test(readFileSync(join(root, from), 'utf8').replace(/^import type .*$/gm, '')),
    );
    expect(statements.map(show)).toEqual([]);
  });

  it('nor is sharp, which need not be installed', () => {
    const files = plugin.filter(({ to, typeOnly }) => to === 'sharp' && !typeOnly).map(({ from }) => from);
    expect(files).toEqual(['plugin/images/variants/sharpLibrary.ts']);
    const source = readFileSync(join(root, 'plugin/images/variants/sharpLibrary.ts'), 'utf8');
    expect(source.replace(/^import type .*$/gm, '')).not.toMatch(/^import [^(]*'sharp'/m);
  });

  it('browser code knows of the Node side only the types of the protocol, the list of signatures, and how amounts are written', () => {
    const wrong = components
      .filter(({ to }) => to.startsWith('plugin/'))
      .filter(({ to, typeOnly }) => !SHARED.has(to) && !(PROTOCOL.has(to) && typeOnly));
    expect(wrong.map(show)).toEqual([]);
  });

  it('client ← hooks, components: the client imports no React, and nothing above it', () => {
    const client = components.filter(({ from }) => from.startsWith('components/client/'));
    const wrong = client.filter(
      ({ to }) => to.startsWith('react') || (to.startsWith('components/') && !to.startsWith('components/client/')),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it('browser code imports no package but React, what decodes a placeholder, and what wraps IndexedDB', () => {
    const packages = components
      .filter(({ from }) => !isInspector(from))
      .map(({ to }) => to)
      .filter((to) => !to.startsWith('components/') && !to.startsWith('plugin/'));
    expect(new Set(packages)).toEqual(new Set(['react', 'thumbhash', 'idb']));
  });

  it('nothing outside of uploads imports them: `/react` and `/client` do not grow by a byte', () => {
    const isUploads = (file: string) => file.startsWith('components/uploads/');
    const others = components.filter(({ from, to }) => isUploads(to) && !isUploads(from) && !isInspector(from));
    expect(others.map(show)).toEqual([]);
  });

  it('the marks on pictures are apart: they know the client only, without React, and nothing imports them', () => {
    const isOverlay = (file: string) => file.startsWith('components/overlay/');
    const own = components.filter(({ from }) => isOverlay(from));
    expect(own.length).toBeGreaterThan(5);
    const isAllowed = (to: string) =>
      isOverlay(to) || to.startsWith('components/client/') || to === 'plugin/protocol.ts';
    expect(own.filter(({ to }) => !isAllowed(to)).map(show)).toEqual([]);
    expect(components.filter(({ from, to }) => isOverlay(to) && !isOverlay(from)).map(show)).toEqual([]);
  });

  it('the inspector is a page of its own: nothing imports it, and it brings React and what draws long lists', () => {
    expect(components.filter(({ from, to }) => isInspector(to) && !isInspector(from)).map(show)).toEqual([]);
    const own = components.filter(({ from }) => isInspector(from)).map(({ to }) => to);
    const packages = own.filter((to) => !to.startsWith('components/') && !to.startsWith('plugin/'));
    const allowed = new Set(['react', 'react-dom/client']);
    expect(packages.filter((name) => !allowed.has(name))).toEqual([]);
  });

  it('a service worker imports of the other folders what finds, names and keeps pictures, and nothing imports it', () => {
    const isWorker = (file: string) => file.startsWith('components/sw/');
    expect(components.filter(({ from, to }) => isWorker(to) && !isWorker(from)).map(show)).toEqual([]);
    const others = components.filter(({ from, to }) => isWorker(from) && !isWorker(to) && !to.startsWith('plugin/'));
    expect(others.filter(({ to }) => !to.startsWith('components/client/offline/')).map(show)).toEqual([]);
  });

  it('prepare ← outbox, queue, transports ← uploads ← react, of which only the last knows React', () => {
    const floors: Record<string, string[]> = {
      prepare: [],
      outbox: ['queue'],
      queue: ['outbox'],
      transports: ['prepare'],
    };
    const inside = components.filter(({ from }) => from.startsWith('components/uploads/'));
    expect(inside.length).toBeGreaterThan(100);
    const floor = (file: string) => file.split('/')[2] ?? '';
    const wrong = inside.filter(({ from, to }) => {
      const allowed = floors[floor(from)];
      if (floor(from) === 'react' || from === 'components/uploads/index.ts') return false;
      if (to === 'react' || to.includes('/uploads/react/')) return true;
      // What lies flat in the folder: shared types below, what puts the parts together above.
      const isInside = to.startsWith('components/uploads/') && to.split('/').length > 3 && floor(to) !== floor(from);
      return allowed !== undefined && isInside && !allowed.includes(floor(to));
    });
    expect(wrong.map(show)).toEqual([]);
    const client = inside.filter(({ to }) => to.startsWith('components/') && !to.startsWith('components/uploads/'));
    const others = client.filter(({ from, to }) => !to.startsWith('components/client/') && floor(from) !== 'react');
    expect(others.map(show)).toEqual([]);
  });

  it('the demo uses the public entry points', () => {
    const wrong = demo.filter(({ to }) => to.startsWith('plugin/') || to.startsWith('components/'));
    expect(wrong.map(show)).toEqual([]);
  });

  it('index files only re-export', () => {
    const indexes = [...filesIn('plugin'), ...filesIn('components')].filter((file) => file.endsWith('/index.ts'));
    for (const file of indexes) {
      const statements = readFileSync(join(root, file), 'utf8').replace(
        /export (?:type )?(?:\*|\{[^}]*\}) from '[^']+';|'use client';|\/\*[\s\S]*?\*\/|\/\/.*$/gm,
        '',
      );
      expect(statements.trim(), file).toBe('');
    }
  });
});
