import { S3Error } from './errors.ts';
import { isSameSignature, sha256, type Authorization } from './sigv4.ts';

/** The values of `x-amz-content-sha256` that announce aws-chunked framing. */
const MODES: Record<string, { signed: boolean; trailer: boolean }> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
};

const EMPTY_SHA256 = sha256('');
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

export interface DecodedBody {
  bytes: Buffer;
  trailers: Record<string, string>;
}

/** Whether the body is framed in signed or checksummed chunks. */
export function isChunkedBody(payloadHash: string): boolean {
  return payloadHash.startsWith('STREAMING-');
}

/**
 * Removes the aws-chunked framing of a body and verifies the signature of every chunk, which includes that of the chunk before it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @throws S3Error NotImplemented, IncompleteBody, SignatureDoesNotMatch
 */
export function decodeChunkedBody(raw: Buffer, authorization: Authorization): DecodedBody {
  const mode = Object.hasOwn(MODES, authorization.payloadHash) ? MODES[authorization.payloadHash] : undefined;
  if (mode === undefined) throw new S3Error('NotImplemented');

  const lines = new LineReader(raw);
  const chunks: Buffer[] = [];
  let signature = authorization.signature;
  for (;;) {
    const { size, provided } = parseChunkHeader(lines.readLine());
    const data = size === 0 ? raw.subarray(0, 0) : lines.readBytes(size);
    if (mode.signed) {
      const expected = authorization.sign('AWS4-HMAC-SHA256-PAYLOAD', signature, EMPTY_SHA256, sha256(data));
      if (!isSameSignature(provided, expected)) throw new S3Error('SignatureDoesNotMatch');
      signature = provided;
    }
    if (size === 0) break;
    chunks.push(data);
  }
  const { [TRAILER_SIGNATURE]: provided = '', ...trailers } = mode.trailer ? readTrailers(lines) : {};
  if (mode.signed && mode.trailer) {
    const canonical = Object.entries(trailers).map(([name, value]) => `${name}:${value}\n`);
    const expected = authorization.sign('AWS4-HMAC-SHA256-TRAILER', signature, sha256(canonical.join('')));
    if (!isSameSignature(provided, expected)) throw new S3Error('SignatureDoesNotMatch');
  }
  return { bytes: Buffer.concat(chunks), trailers };
}

function parseChunkHeader(line: string): { size: number; provided: string } {
  const match = /^([\da-f]{1,8})(?:;chunk-signature=([\da-f]{64}))?$/i.exec(line);
  if (!match) throw new S3Error('IncompleteBody', { message: 'The chunk header is malformed.' });
  return { size: Number.parseInt(match[1] ?? '', 16), provided: match[2] ?? '' };
}

function readTrailers(lines: LineReader): Record<string, string> {
  const trailers: Record<string, string> = {};
  for (let line = lines.readLine(); line !== ''; line = lines.readLine()) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return trailers;
}

/** Reads CRLF lines and counted bytes from one buffer. */
class LineReader {
  readonly #raw: Buffer;
  #offset = 0;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  readLine(): string {
    const end = this.#raw.indexOf('\r\n', this.#offset);
    if (end === -1) throw new S3Error('IncompleteBody');
    const line = this.#raw.toString('latin1', this.#offset, end);
    this.#offset = end + 2;
    return line;
  }

  /** Reads this many bytes, and the line break after them. */
  readBytes(size: number): Buffer {
    const bytes = this.#raw.subarray(this.#offset, this.#offset + size);
    this.#offset += size;
    if (bytes.length < size || this.readLine() !== '') throw new S3Error('IncompleteBody');
    return bytes;
  }
}
