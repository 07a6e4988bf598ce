/** Whether the text is the URL of a server. The options take no other, so hints propose no other. */
export function isEndpoint(text: string): boolean {
  return isHttpUrl(text) && !hasUnsetPart(new URL(text));
}

/** Whether the text is a URL of http or https. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Whether a part of the host name is what an unset variable leaves behind: nothing in a shell, the word `undefined` in
 * JavaScript. One dot at the very end is the root of DNS.
 */
export function hasUnsetPart({ hostname }: URL): boolean {
  const parts = hostname.replace(/\.$/, '').split('.');
  return parts.includes('') || parts.includes('undefined');
}

/** What comes before the bucket in the path, without a slash at its end. Supabase has `/storage/v1/s3`. */
export function pathOf(endpoint: URL): string {
  return endpoint.pathname.replace(/\/+$/, '');
}

/** Whether the bucket was written where only its server belongs; each of its URLs would name it twice. */
export function endsInBucket(endpoint: URL, bucket: string): boolean {
  return pathOf(endpoint).endsWith(`/${bucket}`);
}
