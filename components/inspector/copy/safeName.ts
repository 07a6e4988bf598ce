/** A name for a file that no shell reads as anything else: other characters become `-`. */
export function safeName(name: string): string {
  const safe = name.replace(/[^\w.-]+/g, '-').replace(/^[-.]+/, '');
  return safe === '' ? 'image' : safe.slice(-100);
}
