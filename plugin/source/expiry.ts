import { parseAmzDate } from './amzDate.ts';

/**
 * When a signed URL says it expires, in milliseconds since the epoch: SigV4 and what is like it; SigV2, CloudFront, OSS, OBS, Bunny
 * and imgix; Tencent COS; Azure SAS.
 * Origins do not all say that a signature has expired: radosgw and CloudFront call it AccessDenied like any other.
 */
export function expiryOf(search: string): number | undefined {
  const query = parametersOf(search);
  const expiry =
    FAMILIES.map((family) => sumOf(query.get(`${family}-date`), query.get(`${family}-expires`))).find(
      Number.isFinite,
    ) ??
    secondsOf(query.get('expires')) ??
    // Tencent COS: from, and until.
    secondsOf(query.get('q-sign-time')?.split(';')[1] ?? null) ??
    Date.parse(query.get('se') ?? '');
  return Number.isFinite(expiry) ? expiry : undefined;
}

/** What the names of signatures like SigV4 begin with. */
const FAMILIES = ['x-amz', 'x-goog', 'x-tos', 'x-oss'];

/** S3 and GCS take a signature whose clock is ahead by so much. */
const TOLERANCE_MS = 15 * 60_000;

/**
 * From when on a signed URL can be good, in milliseconds since the epoch: the time of its signature, less what origins put up with;
 * where it says when it begins (Tencent COS, Azure SAS), that.
 */
export function startOf(search: string): number | undefined {
  const query = parametersOf(search);
  const signedAt = FAMILIES.map((family) => parseAmzDate(query.get(`${family}-date`) ?? '')).find(Number.isFinite);
  const start =
    (signedAt === undefined ? undefined : signedAt - TOLERANCE_MS) ??
    secondsOf(query.get('q-sign-time')?.split(';')[0] ?? null) ??
    Date.parse(query.get('st') ?? '');
  return Number.isFinite(start) ? start : undefined;
}

/** Signers differ in case: `X-Amz-Date`, `x-oss-date`, `Expires`, `expires`. */
function parametersOf(search: string): URLSearchParams {
  return new URLSearchParams(search.replace(/[?&][^=&]*/g, (name) => name.toLowerCase()));
}

/** A date such as `20260131T235959Z`, and the seconds it is good for. */
function sumOf(date: string | null, seconds: string | null): number | undefined {
  const sum = parseAmzDate(date ?? '') + (secondsOf(seconds) ?? Number.NaN);
  return Number.isFinite(sum) ? sum : undefined;
}

function secondsOf(text: string | null): number | undefined {
  return /^\d{1,12}$/.test(text ?? '') ? Number(text) * 1000 : undefined;
}
