/** A signature that expires sooner than this may have expired by the time S3 is asked. */
const MARGIN_MS = 30_000;

/** Whether a signature has expired or is about to. False for a signature that does not say when it expires. */
export function isExpiring(url: string): boolean {
  const query = new URLSearchParams(url.replace(/^[^?]*/, ''));
  const expiry =
    sumOf(query.get('X-Amz-Date'), query.get('X-Amz-Expires')) ??
    sumOf(query.get('X-Goog-Date'), query.get('X-Goog-Expires')) ??
    // SigV2 and CloudFront: seconds since the epoch.
    Number(query.get('Expires') ?? Number.NaN) * 1_000;
  return expiry < Date.now() + MARGIN_MS;
}

/** Milliseconds since the epoch: a date such as `20260131T235959Z`, and the seconds for which the signature is valid. */
function sumOf(date: string | null, seconds: string | null): number | undefined {
  if (date === null || seconds === null) return undefined;
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return Date.parse(iso) + Number(seconds) * 1_000;
}
