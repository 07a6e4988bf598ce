/**
 * Where the caret belongs after something else than typing has changed the text: at the same words.
 * @param caret its place in the text before
 */
export function movedCaret(before: string, after: string, caret: number): number {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < shorter - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  if (caret <= start) return caret;
  // In the middle of what was replaced there is no such place any more.
  return caret < before.length - same ? after.length - same : caret + after.length - before.length;
}
