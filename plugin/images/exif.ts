const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const UPRIGHT = 1;
const PREFIX = 'Exif\0\0';
/** About ten times as many as cameras write. Entries are sorted by tag, so the orientation is one of the first. */
const MAX_ENTRIES = 512;

/**
 * The orientation (1 to 8) in a block of EXIF data, with or without its `Exif\0\0` prefix. It is 1 if the block is malformed, as in
 * browsers: metadata never makes a picture invalid.
 */
export function readOrientation(exif: Uint8Array): number {
  const tiff = hasPrefix(exif) ? exif.subarray(PREFIX.length) : exif;
  if (tiff.length < 8) return UPRIGHT;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const littleEndian = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, littleEndian);
  if (directory + 2 > tiff.length) return UPRIGHT;
  const count = Math.min(view.getUint16(directory, littleEndian), MAX_ENTRIES);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return UPRIGHT;
    if (view.getUint16(entry, littleEndian) !== ORIENTATION_TAG) continue;
    if (view.getUint16(entry + 2, littleEndian) !== SHORT) return UPRIGHT;
    const orientation = view.getUint16(entry + 8, littleEndian);
    return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
  }
  return UPRIGHT;
}

function hasPrefix(bytes: Uint8Array): boolean {
  return bytes.length >= PREFIX.length && String.fromCharCode(...bytes.subarray(0, PREFIX.length)) === PREFIX;
}
