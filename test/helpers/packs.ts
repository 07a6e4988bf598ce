import { createHash } from 'node:crypto';
import { imagePath } from '../../plugin/cache/files/layout.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';
import { bytesOf } from './cache.ts';

/** An entry of a tar in every detail, so that a test can write what no program would. */
export interface RawTarEntry {
  name?: string;
  body?: Uint8Array;
  /** As the header says it; octal, or the bytes of the field. @default the length of the body */
  size?: number | Uint8Array;
  /** @default '0', a file */
  type?: string;
  linkname?: string;
}

const BLOCK = 512;

/** The bytes of an entry, and what fills up its last block. */
export function rawEntry({
  name = '',
  body = Buffer.alloc(0),
  size = body.length,
  type = '0',
  linkname = '',
}: RawTarEntry): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'utf8');
  for (const [at, text] of [
    [100, '0000600'],
    [108, '0000000'],
    [116, '0000000'],
    [136, '00000000000'],
  ] as const)
    header.write(text, at);
  if (typeof size === 'number') header.write(size.toString(8).padStart(11, '0'), 124);
  else header.set(size, 124);
  header.write(type, 156);
  header.write(linkname, 157, 100);
  header.write('ustar\u000000', 257);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc(-body.length & (BLOCK - 1))]);
}

/** An extended header for the entry after it. */
export function paxHeader(records: Record<string, string>, type: 'x' | 'g' = 'x'): Buffer {
  const body = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const length = rest.length + String(rest.length + 2).length;
    return `${length}${rest}`;
  });
  return rawEntry({ name: 'PaxHeader/x', type, body: Buffer.from(body.join('')) });
}

export const END_OF_TAR = Buffer.alloc(2 * BLOCK);

/** An image as a pack has it, of an origin in memory. */
export function packedImage(
  name: string,
  overrides: Partial<ManifestEntry> = {},
  length?: number,
): { entry: ManifestEntry; body: Buffer } {
  const body = bytesOf(name, length);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const { s3_url = `mem:${name}`, actor_id = '0001' } = overrides;
  const entry: ManifestEntry = {
    s3_url,
    local_path: imagePath({ actorId: actor_id, key: s3_url, sha256, extension: 'png' }),
    cached_at: 0,
    validated_at: 0,
    size_bytes: body.length,
    actor_id,
    filename: name,
    etag: '',
    sha256,
    content_type: 'image/png',
    width: 1,
    height: 1,
    last_used_at: 0,
    ...overrides,
  };
  return { entry, body };
}

/** The manifest of a pack, sorted as it has to be. @param head other fields of its first line */
export function packManifest(entries: readonly ManifestEntry[], head: Record<string, unknown> = {}): Buffer {
  const first = JSON.stringify({ version: '1.0', last_updated: 0, ...head }).slice(0, -1);
  const lines = entries
    .toSorted((a, b) => (a.local_path < b.local_path ? -1 : 1))
    .map((entry) => `${JSON.stringify(entry.s3_url)}:${JSON.stringify(entry)}`);
  return rawEntry({
    name: 'manifest.json',
    body: Buffer.from(`${first},"entries":{${lines.length > 0 ? '\n' : ''}${lines.join(',\n')}\n}}\n`),
  });
}

/** The entries of a tar: path and bytes, in order. Reads only what this package writes. */
export function entriesIn(tar: Buffer): { path: string; body: Buffer }[] {
  const found: { path: string; body: Buffer }[] = [];
  let longPath: string | undefined;
  for (let at = 0; tar[at] !== 0;) {
    const text = (start: number, length: number) =>
      tar.toString('utf8', at + start, at + start + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (text(156, 1) === 'x') longPath = /path=(.*)\n/.exec(body.toString())?.[1];
    else {
      const prefix = text(345, 155);
      found.push({ path: longPath ?? (prefix === '' ? '' : `${prefix}/`) + text(0, 100), body });
      longPath = undefined;
    }
    at += BLOCK + size + (-size & (BLOCK - 1));
  }
  return found;
}

export async function collect(pack: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of pack) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes in pieces, as a connection would bring them. */
export async function* inPieces(bytes: Uint8Array, length = 1000): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
