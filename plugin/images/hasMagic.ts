/** Whether the bytes at `at` are the characters of `magic`, each of which stands for the byte of its code. */
export function hasMagic(bytes: Uint8Array, magic: string, at = 0): boolean {
  for (let i = 0; i < magic.length; i++) {
    if (bytes[at + i] !== magic.charCodeAt(i)) return false;
  }
  return true;
}
