import { z } from 'zod';
import { metaProblem } from '../cache/index.ts';
import type { ErrorCode, ImageMeta } from '../protocol.ts';
import { actorIdProblem } from './actorId.ts';

/** A wrong value gets the code of its field, whatever is wrong with it. */
function text(code: ErrorCode, problemOf: (value: string) => string | undefined) {
  return z.unknown().transform((value, context): string => {
    const problem = typeof value === 'string' ? problemOf(value) : 'must be a text';
    if (problem === undefined) return String(value);
    context.addIssue({ code: 'custom', message: problem, params: { code } });
    return z.NEVER;
  });
}

/** In one request: more of them would hold up the event loop, before anything is done, for longer than a frame or two. */
const MAX_IMAGES = 10_000;
const MAX_URL_LENGTH = 16_384;
const MAX_FILENAME_LENGTH = 1024;

/** A list, of which only the length is looked at: each element costs some time, and is left to `parseList`. */
export function list(what: string) {
  return z.array(z.unknown(), { error: 'must be a list' }).max(MAX_IMAGES, `must have at most ${MAX_IMAGES} ${what}`);
}

export const url = text('INVALID_URL', (value) => {
  if (value === '') return 'must not be empty';
  return value.length > MAX_URL_LENGTH ? `must have at most ${MAX_URL_LENGTH} characters` : undefined;
});

export const actorId = text('INVALID_ACTOR_ID', actorIdProblem);

export const filename = text('INVALID_FILENAME', (value) => {
  if (value.includes('\0')) return 'must not hold a NUL';
  return value.length > MAX_FILENAME_LENGTH ? `must have at most ${MAX_FILENAME_LENGTH} characters` : undefined;
});

export const meta = z.unknown().transform((value, context): ImageMeta => {
  const problem = metaProblem(value);
  if (problem === undefined) return value as ImageMeta; // metaProblem refuses all but plain objects of JSON
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
});

export const flag = z.boolean({ error: 'must be true or false' });
