import { ImageCacheError } from '../errors.ts';
import { hasMagic } from './magic.ts';
import { decodeXml, findRoot } from './xml.ts';

/** How much of a body is looked at to say what it is instead. */
const LOOK = 1024;

const WRONG_OBJECT = 'The URL leads to another kind of object than an image: check it, or what was uploaded there.';

interface Finding {
  what: string;
  hint: string;
}

/** The refusal of bytes that are no image, which says what they are as far as that can help. */
export function notAnImage(bytes: Uint8Array): ImageCacheError {
  const { what, hint } = describe(bytes);
  return new ImageCacheError('NOT_AN_IMAGE', `The body is ${what}: no image that can be cached.`, { hint });
}

function describe(bytes: Uint8Array): Finding {
  if (bytes.length === 0) return { what: 'empty', hint: 'The object in the bucket has no content: upload it again.' };
  const text = decodeXml(bytes.subarray(0, LOOK)).trimStart();
  const what = describeBinary(bytes) ?? describeText(text) ?? 'of no known format';
  return describeMarkup(text) ?? { what, hint: WRONG_OBJECT };
}

function describeMarkup(text: string): Finding | undefined {
  const root = findRoot(text)?.name.toLowerCase();
  if (/^<!doctype html/i.test(text) || (root !== undefined && HTML_ELEMENTS.has(root))) {
    return {
      what: 'an HTML page',
      hint: 'A proxy, a login page or an app answered in place of the bucket: check the URL.',
    };
  }
  if (root === 'error') return describeS3Error(text);
  if (root !== undefined || text.startsWith('<?xml')) return { what: 'an XML document', hint: WRONG_OBJECT };
  return undefined;
}

/** S3 answers errors in XML, at times under status 200. The rest of the document may hold the signed request. */
function describeS3Error(text: string): Finding {
  const [, code = 'unknown code'] = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text) ?? [];
  return {
    what: `an error document of the bucket (${code})`,
    hint: 'The bucket refused the request with a success status: look the code up in its documentation.',
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

/** What is most often mistaken for an image, and the bytes to know it by. */
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
