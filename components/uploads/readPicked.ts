import { isCut } from './prepare/isCut.ts';
import { sniff } from './prepare/sniff.ts';
import { UploadError } from './uploadError.ts';

export interface Picked {
  readonly bytes: ArrayBuffer;
  readonly type: string;
  readonly filename: string;
  readonly warning: string | undefined;
}

const TAKEN =
  'JPEG, PNG, GIF, WebP, AVIF, HEIC, BMP, ICO and JPEG XL are taken. A TIFF is saved, and is sent only as it is (GPS_NOT_REMOVABLE).';

/** The name of a file, or the one that was given for it; empty for a Blob without one. */
export function nameOf(file: Blob, givenName: string | undefined): string {
  return givenName ?? ('name' in file ? String(file.name) : '');
}

/**
 * Reads what was picked and looks whether it can be uploaded, while the user still has the file.
 * @param maxSize in bytes
 * @throws UploadError `EMPTY_FILE`, `FILE_TOO_LARGE`, `FILE_UNREADABLE`, `NOT_AN_IMAGE`
 */
export async function readPicked(file: Blob, givenName: string | undefined, maxSize: number): Promise<Picked> {
  const name = nameOf(file, givenName);
  const called = name === '' ? 'The picture' : `“${name}”`;
  if (file.size > maxSize) {
    throw new UploadError({
      code: 'FILE_TOO_LARGE',
      message: `${called} has ${inMegabytes(file.size)}; at most ${inMegabytes(maxSize)} are taken.`,
      hint: 'Pick a smaller picture. The limit is `limits.maxFileSize`, and `uploads.maxFileSize` on the server.',
    });
  }
  const bytes = await file.arrayBuffer().catch((error: unknown) => {
    throw new UploadError({
      code: 'FILE_UNREADABLE',
      message: `${called} cannot be read.`,
      hint: 'It may have been changed, moved, or not yet downloaded from the cloud. Pick it again.',
      cause: error,
    });
  });
  if (bytes.byteLength === 0) {
    throw new UploadError({
      code: 'EMPTY_FILE',
      message: `${called} is empty.`,
      hint: 'Some apps hand over nothing when a picture is dragged from them: save it first, and pick the file.',
    });
  }
  const content = new Uint8Array(bytes);
  const kind = sniff(content);
  if (!kind) {
    throw new UploadError({
      code: 'NOT_AN_IMAGE',
      message: `${called} is no picture.`,
      hint: `${TAKEN} The bytes decide, not the name.`,
    });
  }
  // Half a character, as some systems allow and a cut may leave, could not be sent.
  const filename = name === '' ? `picture.${kind.ext}` : name.slice(-200).replace(/\p{Cs}/gu, '\uFFFD');
  return { bytes, type: kind.type, filename, warning: warningOf(kind.ext, isCut(content, kind.family)) };
}

function warningOf(ext: string, isTruncated: boolean): string | undefined {
  if (isTruncated) return 'CUT_IMAGE';
  // Of all browsers only Safari shows it.
  return ext === 'heic' ? 'HEIC_NOT_SHOWN' : undefined;
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
