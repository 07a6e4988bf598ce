import type { ByteReader } from './byteReader.ts';
import { findNested, readBoxes } from './isobmff.ts';

/** The size, as shown, of the first visible track of a `moov` box (image sequences). */
export function trackSizeOf(moov: ByteReader): { width: number; height: number } | undefined {
  for (const track of tracksOf(moov)) {
    const size = trackSize(track);
    if (size !== undefined) return size;
  }
  return undefined;
}

/** Throws unless the chunks of every track begin within the file. As every box is complete, the chunks are then present. */
export function needTracks(moov: ByteReader, file: ByteReader): void {
  for (const track of tracksOf(moov)) needChunks(track, file);
}

function tracksOf(moov: ByteReader): ByteReader[] {
  const tracks = readBoxes(moov).filter(({ type }) => type === 'trak');
  return tracks.map(({ at, length }) => moov.part(at, length));
}

function needChunks(track: ByteReader, file: ByteReader): void {
  const samples = findNested(track, ['mdia', 'minf', 'stbl']);
  if (samples === undefined) return;
  for (const [type, width] of [['stco', 4] as const, ['co64', 8] as const]) {
    const offsets = findNested(samples, [type]);
    if (offsets === undefined) continue;
    const count = offsets.u32(4);
    offsets.need(8, count * width);
    offsets.spend(4 * count);
    for (let i = 0; i < count; i++) file.need(offsets.uint(8 + i * width, width), 1);
  }
}

/** The size in `tkhd`, as two numbers in 16.16 after a matrix; `undefined` for a track without a picture, such as sound. */
function trackSize(track: ByteReader): { width: number; height: number } | undefined {
  const header = findNested(track, ['tkhd']);
  if (header === undefined) return undefined;
  const end = header.u8(0) === 0 ? 84 : 96;
  const width = header.u32(end - 8) >>> 16;
  const height = header.u32(end - 4) >>> 16;
  if (width === 0 || height === 0) return undefined;
  // In the matrix of a quarter turn, the horizontal scale is 0.
  const quarterTurn = header.u32(end - 44) === 0;
  return quarterTurn ? { width: height, height: width } : { width, height };
}
