import type { IncomingHttpHeaders } from 'node:http';
import type { S3Object } from './s3Object.ts';
import { xmlElement } from './xmlElement.ts';

/** An answer that is not the image. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  readonly body: string;
}

/** The part of an object that is needed to explain a refusal. */
export type Asked = Pick<S3Object, 'bucket' | 'signed' | 'asAsked'>;

/** The text of the first `<name>` in S3's flat error XML, if it matches. */
export function elementOf(xml: string, name: string, expected: RegExp): string | undefined {
  const text = xmlElement(xml, name)?.trim() ?? '';
  return expected.test(text) ? text : undefined;
}
