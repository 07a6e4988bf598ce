import type { IncomingHttpHeaders } from 'node:http';
import type { S3Object } from './s3Object.ts';

/** An answer that is not the image. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  readonly body: string;
}

/** The part of an object that is needed to explain a refusal. */
export type Asked = Pick<S3Object, 'bucket' | 'signed' | 'asAsked'>;

/**
 * The text of the first `<name>` in S3's flat error XML, if it matches. This is not an XML parser, on purpose: it expands no
 * entities, knows no nesting and takes two scans (T40).
 */
export function elementOf(xml: string, name: string, expected: RegExp): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  if (start === -1) return undefined;
  const from = start + name.length + 2;
  const end = xml.indexOf(`</${name}>`, from);
  const text = end === -1 ? '' : xml.slice(from, end).trim();
  return expected.test(text) ? text : undefined;
}
