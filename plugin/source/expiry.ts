import { parseAmzDate } from './amzDate.ts';

/**
 * When a signed URL says it expires, in milliseconds since the epoch: SigV4 and GCS, SigV2 and CloudFront, Azure SAS.
 * Origins do not all say that a signature has expired: radosgw and CloudFront call it AccessDenied like any other.
 */
export function expiryOf(search: string): number | undefined {
  const query = new URLSearchParams(search);
  const expiry =
    sumOf(query.get('X-Amz-Date'), query.get('X-Amz-Expires')) ??
    sumOf(query.get('X-Goog-Date'), query.get('X-Goog-Expires')) ??
    secondsOf(query.get('Expires')) ??
    Date.parse(query.get('se') ?? '');
  return Number.isFinite(expiry) ? expiry : undefined;
}

/** A date such as `20260131T235959Z`, and the seconds it is good for. */
function sumOf(date: string | null, seconds: string | null): number | undefined {
  const sum = parseAmzDate(date ?? '') + (secondsOf(seconds) ?? Number.NaN);
  return Number.isFinite(sum) ? sum : undefined;
}

function secondsOf(text: string | null): number | undefined {
  return /^\d{1,12}$/.test(text ?? '') ? Number(text) * 1000 : undefined;
}
