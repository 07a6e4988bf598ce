/** How long a browser may take to begin a download. */
const KEEP_URL_MS = 60_000;

/** Offers bytes as a download. */
export function saveToDisk(bytes: Blob, filename: string): void {
  const url = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_URL_MS);
}
