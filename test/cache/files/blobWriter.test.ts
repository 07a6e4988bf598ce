import { readFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { BlobWriter } from '../../../plugin/cache/files/blobWriter.ts';
import { sha256 } from '../../../plugin/cache/files/layout.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

/** Bytes that one call writes at most; a disk that writes less than it was given cannot be had on demand. */
const disk = vi.hoisted(() => ({ writes: Infinity }));

vi.mock('node:fs/promises', async (importActual) => {
  const real = await importActual<typeof import('node:fs/promises')>();
  const open = async (...args: Parameters<typeof real.open>) => {
    const file = await real.open(...args);
    const write = file.write.bind(file);
    const writev = (chunks: Uint8Array[], position: number) => {
      const bytes = Buffer.concat(chunks).subarray(0, disk.writes);
      return write(bytes, 0, bytes.length, position);
    };
    return Object.assign(file, { writev });
  };
  return { ...real, open };
});

afterEach(() => {
  disk.writes = Infinity;
});

const CHUNKS = ['one ', '', 'two ', 'three'].map((text) => Buffer.from(text));

it.each([1, 3, 4, 5, 8, 12, 13])('writes all chunks even if a call writes at most %d bytes', async (bytes) => {
  const dir = await temporaryDirectory();
  disk.writes = bytes;
  const writer = await BlobWriter.create(dir);
  await writer.write(CHUNKS);
  await writer.write(CHUNKS);
  const blob = await writer.finish(true);
  const whole = 'one two threeone two three';
  expect(await readFile(writer.path, 'utf8')).toBe(whole);
  expect(blob).toMatchObject({ size: whole.length, sha256: sha256(whole) });
});

it('T56: fails as on a full disk if nothing is written although no error is reported', async () => {
  disk.writes = 0;
  const writer = await BlobWriter.create(await temporaryDirectory());
  await expect(writer.write(CHUNKS)).rejects.toMatchObject({ code: 'ENOSPC' });
  await writer.discard();
});

it('starts again from the first byte', async () => {
  const dir = await temporaryDirectory();
  const writer = await BlobWriter.create(dir);
  await writer.write([Buffer.from('the first attempt')]);
  await writer.reset();
  await writer.write([Buffer.from('the second')]);
  expect((await writer.finish(false)).sha256).toBe(sha256('the second'));
  expect(await readFile(writer.path, 'utf8')).toBe('the second');
});
