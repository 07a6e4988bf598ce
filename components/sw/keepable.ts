const MAX_BYTES = 20_000_000;

/** What an answer says about keeping it. */
export interface Keepable {
  /** How many bytes it has; `NaN` if it does not say so. */
  readonly length: number;
  /** Whether only this user may have it. */
  readonly isPrivate: boolean;
  /** The first half of the SHA-256 of the bytes, if our server says it. */
  readonly digest: string | undefined;
}

/** What an answer says about keeping it; `undefined` if it is no image that may be kept. An opaque answer has the status 0. */
export function keepable({ status, redirected, headers }: Response): Keepable | undefined {
  const control = headers.get('cache-control') ?? '';
  const length = Number(headers.get('content-length') ?? Number.NaN);
  if (
    status !== 200 ||
    redirected ||
    !/^image\//i.test(headers.get('content-type') ?? '') ||
    /no-store/i.test(control) ||
    length > MAX_BYTES
  ) {
    return undefined;
  }
  return {
    length,
    isPrivate: /private/i.test(control),
    digest: /^"([0-9a-f]{32})[0-9a-f]{32}"$/.exec(headers.get('etag') ?? '')?.[1],
  };
}

/**
 * The bytes of an answer, if they are all there.
 * @param isAborted whether a body without a length is whole if it ends: our server aborts all others
 */
export async function wholeBody(response: Response, length: number, isAborted: boolean): Promise<Blob | undefined> {
  const body = await response.blob();
  const isWhole = Number.isNaN(length) ? isAborted && body.size <= MAX_BYTES : body.size === length;
  return isWhole && body.size > 0 ? body : undefined;
}

export function isRefused({ status }: Response): boolean {
  return status === 401 || status === 403;
}

/**
 * Whether an answer says that there is no such picture any more, or that the user may not see it: then a kept copy goes, too. A bucket knows no users, only
 * signatures, and these also expire: its refusal says neither, nor does one that our server passes on.
 */
export async function isGone(response: Response, isServed: boolean): Promise<boolean> {
  if (response.status === 404 || response.status === 410) return true;
  if (!isServed || !isRefused(response)) return false;
  return !(await response.clone().text()).includes('"code":"UPSTREAM_');
}
