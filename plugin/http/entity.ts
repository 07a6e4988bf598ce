const MAX_LENGTH = 200;

/** What is wrong with the type, or the id, of an entity. */
export function entityPartProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a text';
  if (value === '' || value.length > MAX_LENGTH) return `must have 1 to ${MAX_LENGTH} characters`;
  // A lone half of a pair has no UTF-8, so that two of them would be one and the same name.
  return /[\p{Cc}\p{Cs}]/u.test(value) ? 'must have no control characters, and no halves of a pair' : undefined;
}
