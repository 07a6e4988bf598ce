import { safeName } from './safeName.ts';

/**
 * A line that asks the cache for an image, for a shell. What comes from the image is only in the query, percent-encoded, and in the name
 * of the file, so there is nothing in the quotes that `sh` or PowerShell would read as anything but text.
 * @param apiUrl the absolute address of the API
 */
export function curlLine(
  apiUrl: string,
  { s3_url, filename }: { s3_url: string; filename: string },
  isWindows = false,
): string {
  // Windows PowerShell has something else under the name `curl`.
  const program = isWindows ? 'curl.exe' : 'curl';
  return `${program} --fail --output '${safeName(filename)}' '${encodeQuotes(apiUrl)}/image?url=${encode(s3_url)}'`;
}

/** What `encodeURIComponent` leaves: none of these may end up in a shell. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD')).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function encodeQuotes(url: string): string {
  return url.replaceAll("'", '%27');
}
