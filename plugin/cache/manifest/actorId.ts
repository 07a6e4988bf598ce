import { ImageCacheError } from '../../errors.ts';

const MAX_LENGTH = 256;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\u0000-\u001f\u007f/\\\u2028\u2029]/;

/** Says why a value is not an actor id; `undefined` if it is one. */
export function actorIdProblem(value: string): string | undefined {
  if (value === '' || value.trim() === '') return 'must not be empty';
  if (value.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (FORBIDDEN.test(value)) return 'must not contain slashes or control characters';
  if (value === '.' || value === '..' || value in Object.prototype) return 'is a reserved name';
  return undefined;
}

/** @throws ImageCacheError INVALID_ACTOR_ID */
export function parseActorId(value: string): string {
  const problem = actorIdProblem(value);
  if (problem !== undefined) throw new ImageCacheError('INVALID_ACTOR_ID', `The actor id ${problem}.`);
  return value;
}
