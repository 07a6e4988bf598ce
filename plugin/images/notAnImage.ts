import { ImageCacheError } from '../errors.ts';
import { hasMagic } from './hasMagic.ts';
import { decodeXml, findRoot } from './xml.ts';

/** How many bytes of a body are read to find out what it is. */
const LOOK = 1024;

const WRONG_OBJECT = 'The object is not an image: check the URL, and what was uploaded there.';

interface Finding {
  what: string;
  hint: string;
}

/** The error for bytes that are not an image. It says what they are, if they can be recognised. */
export function notAnImage(bytes: Uint8Array): ImageCacheError {
  const { what, hint } = describe(bytes);
  return new ImageCacheError('NOT_AN_IMAGE', `The body is ${what}, not an image that can be cached.`, { hint });
}

function describe(bytes: Uint8Array): Finding {
  if (bytes.length === 0) return { what: 'empty', hint: 'The object in the bucket has no content: upload it again.' };
  const text = decodeXml(bytes.subarray(0, LOOK)).trimStart();
  const what = describeBinary(bytes) ?? describeText(text) ?? 'of an unknown format';
  return describeMarkup(text) ?? { what, hint: WRONG_OBJECT };
}

function describeMarkup(text: string): Finding | undefined {
  const root = findRoot(text)?.name.toLowerCase();
  if (/^<!doctype html/i.test(text) || (root !== undefined && HTML_ELEMENTS.has(root))) {
    return {
      what: 'an HTML page',
      hint: 'A proxy, a login page or an app answered instead of the bucket: check the URL.',
    };
  }
  if (root === 'error') return describeS3Error(text);
  if (root !== undefined || text.startsWith('<?xml')) return { what: 'an XML document', hint: WRONG_OBJECT };
  return undefined;
}

/** S3 sends errors as XML, sometimes with the status 200. Only the code is used: the rest may contain the signed request. */
function describeS3Error(text: string): Finding {
  const [, code = 'unknown code'] = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text) ?? [];
  return {
    what: `an error document of the bucket (${code})`,
    hint: 'The bucket refused the request, but with the status of a success: look up the code in the documentation of S3.',
  };
}

const HTML_ELEMENTS = new Set([
  'html',
  'head',
  'title',
  'meta',
  'body',
  'script',
  'style',
  'div',
  'p',
  'h1',
  'iframe',
  'a',
]);

/** Files that are most often uploaded instead of an image, and the bytes by which they are recognised. */
const BINARIES: readonly (readonly [magic: string, at: number, what: string])[] = [
  ['%PDF-', 0, 'a PDF document'],
  ['PK\x03\x04', 0, 'a ZIP archive'],
  ['\x1f\x8b', 0, 'compressed (gzip)'],
  ['ftyp', 4, 'a video or another ISO media file'],
  ['RIFF', 0, 'a sound or video (RIFF)'],
  ['8BPS', 0, 'a Photoshop document, which browsers do not show'],
  ['jP  ', 4, 'a JPEG 2000 image, which browsers do not show'],
  ['icns', 0, 'an Apple icon, which browsers do not show'],
];

function describeBinary(bytes: Uint8Array): string | undefined {
  return BINARIES.find(([magic, at]) => hasMagic(bytes, magic, at))?.[2];
}

function describeText(text: string): string | undefined {
  if (/^[[{]/.test(text)) return 'JSON';
  return /^[\t\n\r\x20-\x7e]+$/.test(text) ? 'text' : undefined;
}
