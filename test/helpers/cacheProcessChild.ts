import { flushCompileCache } from 'node:module';
import type { Sink, SourceMetadata, ImageRef } from '../../plugin/cache/injected/source.ts';
import type { VariantMaker } from '../../plugin/cache/variants/variantMaker.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import { createCache } from './cache.ts';
import { createCommands } from './cacheCommands.ts';
import type { FromParent, ProcessSettings, ToParent } from './cacheProcess.ts';
import { MemorySource } from './memorySource.ts';
import { type Gate, versionBody } from './origin.ts';

/** A process with a whole `ImageCache`, which does what its parent says: see `cacheProcess.ts`. */
const [dir = '', settings = '{}'] = process.argv.slice(2);
const { compress = false, ...options } = JSON.parse(settings) as ProcessSettings;

const tell = (message: ToParent) => void process.send?.(message);
const questions = new Map<number, (version: number) => void>();

/** Asks the origin, which is in the parent. Resolves with the version that the object had at the time of the request. */
function ask(name: string, gate: Gate): Promise<number> {
  const id = questions.size + 1;
  tell({ kind: 'question', id, name, gate });
  return new Promise((resolve) => questions.set(id, resolve));
}

class ParentSource extends MemorySource {
  constructor() {
    super((name) => versionBody(name, 1));
  }

  override async download(
    { filename }: ImageRef,
    sink: Sink,
    signal: AbortSignal,
    knownEtag?: string,
  ): Promise<SourceMetadata> {
    const version = await ask(filename, 'first byte');
    if (signal.aborted) throw new ImageCacheError('ABORTED', 'The download was cancelled.');
    const metadata: SourceMetadata = { etag: `"${filename} v${version}"`, contentType: 'image/png' };
    if (knownEtag === metadata.etag) return { ...metadata, notModified: true };
    const body = versionBody(filename, version);
    sink.begin(metadata);
    await sink.write(body.subarray(0, 1000));
    await ask(filename, 'last byte');
    await sink.write(body.subarray(1000));
    await sink.complete('announced');
    return metadata;
  }
}

const maker: VariantMaker = {
  isAvailable: () => Promise.resolve(true),
  obstacle: () => 'format',
  make: () => Promise.resolve(undefined),
  canCompress: () => true,
  compress: async (original) => {
    if (original.length < 2000) return undefined; // it is compressed already
    await ask('', 'compression');
    return Buffer.from(original.subarray(0, 1000));
  },
  placeholder: () => Promise.resolve(''),
};

const { cache } = createCache({
  dir,
  source: new ParentSource(),
  now: () => Date.now(),
  ...options,
  ...(compress && { compress, maker, idleMs: 1 }),
});
const commands = createCommands(cache, (event) => tell({ kind: 'event', event }));

async function obey({ id, command, args }: Extract<FromParent, { kind: 'command' }>): Promise<void> {
  try {
    const perform = commands[command] as (...given: readonly unknown[]) => Promise<unknown>; // the parent's types are ours
    tell({ kind: 'result', id, result: await perform(...args) });
  } catch (error) {
    const { code, message } = ImageCacheError.from(error);
    tell({ kind: 'failure', id, failure: `${code}: ${message}` });
  }
}

process.on('message', (message: FromParent) => {
  if (message.kind === 'answer') questions.get(message.id)?.(message.version);
  else void obey(message);
});
process.once('disconnect', () => process.exit());
flushCompileCache();
tell({ kind: 'ready' });
