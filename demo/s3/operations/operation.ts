import type { VerifiedBody } from '../body.ts';
import type { MultipartUploads } from '../multipart.ts';
import type { ObjectStore } from '../objectStore.ts';
import type { S3Request } from '../request.ts';
import { toXml, type XmlContent } from '../xml.ts';

/** One verified request, and everything that is needed to answer it. */
export interface Call {
  request: S3Request;
  store: ObjectStore;
  uploads: MultipartUploads;
  region: string;
  /** Reads and verifies the body. */
  readBody(limit: number): Promise<VerifiedBody>;
  /** The ETag to answer with: another one than the object's while that fault is on. */
  etagFor(etag: string): string;
}

/** An answer that was not sent yet. */
export interface Reply {
  status: number;
  headers?: Record<string, string | number>;
  body?: Buffer | string;
}

/** One operation of the S3 API. Refusals are thrown as S3Error. */
export type Operation = (call: Call) => Reply | Promise<Reply>;

/** A 200 with an XML document. */
export function xmlReply(name: string, content: XmlContent, headers: Record<string, string> = {}): Reply {
  return { status: 200, headers: { 'Content-Type': 'application/xml', ...headers }, body: toXml(name, content) };
}

/** The format of dates in S3's XML. */
export function toIsoDate(time: number): string {
  return new Date(time).toISOString();
}
