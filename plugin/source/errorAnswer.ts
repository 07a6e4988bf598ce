import type { IncomingHttpHeaders } from 'node:http';
import type { S3Object } from './s3Object.ts';

/** An answer that is not the image. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What was read of the body. */
  readonly body: string;
}

/** What of an object it takes to explain a refusal. */
export type Asked = Pick<S3Object, 'bucket' | 'signed' | 'asAsked'>;

/**
 * The text of the first `<name>` of S3's flat error XML, when it looks as it should. Not an XML parser, and glad of
 * it: no entities, no nesting, two scans (T40).
 */
export function elementOf(xml: string, name: string, expected: RegExp): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  if (start === -1) return undefined;
  const from = start + name.length + 2;
  const end = xml.indexOf(`</${name}>`, from);
  const text = end === -1 ? '' : xml.slice(from, end).trim();
  return expected.test(text) ? text : undefined;
}
