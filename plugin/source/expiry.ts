import { parseAmzDate } from './amzDate.ts';

/**
 * When a signed URL expires according to its own parameters, in milliseconds since the epoch. It understands SigV4 and similar
 * signatures; SigV2, CloudFront, OSS, OBS, Bunny and imgix; Tencent COS; Azure SAS. This is needed because not all origins say that
 * a signature has expired: radosgw and CloudFront answer AccessDenied, as for other reasons.
 */
export function expiryOf(search: string): number | undefined {
  const query = parametersOf(search);
  const expiry =
    FAMILIES.map((family) => sumOf(query.get(`${family}-date`), query.get(`${family}-expires`))).find(
      Number.isFinite,
    ) ??
    secondsOf(query.get('expires')) ??
    // Tencent COS: the beginning and the end of the time.
    secondsOf(query.get('q-sign-time')?.split(';')[1] ?? null) ??
    Date.parse(query.get('se') ?? '');
  return Number.isFinite(expiry) ? expiry : undefined;
}

/** Prefixes of the parameters of signatures like SigV4. */
const FAMILIES = ['x-amz', 'x-goog', 'x-tos', 'x-oss'];

/** S3 and GCS accept a signature from a clock that is this much ahead. */
const TOLERANCE_MS = 15 * 60_000;

/**
 * When a signed URL begins to be valid, in milliseconds since the epoch: the time of its signature, minus the tolerance of origins;
 * or the beginning that the URL itself names (Tencent COS, Azure SAS).
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

/** Parameters with names in lower case, because signers differ: `X-Amz-Date`, `x-oss-date`, `Expires`, `expires`. */
export function parametersOf(search: string): URLSearchParams {
  return new URLSearchParams(search.replace(/[?&][^=&]*/g, (name) => name.toLowerCase()));
}

/** The sum of a date such as `20260131T235959Z`, and the seconds for which it is valid. */
function sumOf(date: string | null, seconds: string | null): number | undefined {
  const sum = parseAmzDate(date ?? '') + (secondsOf(seconds) ?? Number.NaN);
  return Number.isFinite(sum) ? sum : undefined;
}

function secondsOf(text: string | null): number | undefined {
  return /^\d{1,12}$/.test(text ?? '') ? Number(text) * 1000 : undefined;
}
