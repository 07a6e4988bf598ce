/** FNV-1a, 32 bits, and how many: enough to tell that two tabs mean the same list, not that two lists of an attacker differ. */
export function fingerprintOf(texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ 10, 0x01000193);
  }
  return `${texts.length}-${hash >>> 0}`;
}
