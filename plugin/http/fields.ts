import { z } from 'zod';
import { actorIdProblem, metaProblem } from '../cache/index.ts';
import type { ErrorCode, ImageMeta } from '../protocol.ts';
import { isDigestName, isPictureName, JOB_ID } from '../uploads/index.ts';
import { entityPartProblem } from './entity.ts';

/** A text field. Any wrong value is refused with the code of the field. */
export function text(code: ErrorCode, problemOf: (value: string) => string | undefined) {
  return z.unknown().transform((value, context): string => {
    const problem = typeof value === 'string' ? problemOf(value) : 'must be a text';
    if (problem === undefined) return String(value);
    context.addIssue({ code: 'custom', message: problem, params: { code } });
    return z.NEVER;
  });
}

const HEX = 'digits, 0 to 9 and a to f';

/** Images in one request. Reading more of them would block the event loop for longer than a frame or two. */
const MAX_IMAGES = 10_000;
const MAX_URL_LENGTH = 16_384;
const MAX_FILENAME_LENGTH = 1024;

/** A list. Only its length is checked here; its elements take longer, and are checked by `parseList`. */
export function list(what: string) {
  return z.array(z.unknown(), { error: 'must be a list' }).max(MAX_IMAGES, `must have at most ${MAX_IMAGES} ${what}`);
}

export const url = text('INVALID_URL', (value) => {
  if (value === '') return 'must not be empty';
  return value.length > MAX_URL_LENGTH ? `must have at most ${MAX_URL_LENGTH} characters` : undefined;
});

export const actorId = text('INVALID_ACTOR_ID', actorIdProblem);

export const filename = text('INVALID_FILENAME', (value) => {
  if (value.includes('\0')) return 'must not contain a NUL';
  return value.length > MAX_FILENAME_LENGTH ? `must have at most ${MAX_FILENAME_LENGTH} characters` : undefined;
});

export const meta = z.unknown().transform((value, context): ImageMeta => {
  const problem = metaProblem(value);
  if (problem === undefined) return value as ImageMeta; // metaProblem accepts only plain objects of JSON
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
});

export const jobId = text('INVALID_BODY', (value) => (JOB_ID.test(value) ? undefined : `must have 32 ${HEX}`));

export const entityPart = text('ENTITY_INVALID', entityPartProblem);

export const digestName = text('INVALID_BODY', (value) =>
  isPictureName(value) && isDigestName(value) ? undefined : `must be a name such as <32 ${HEX}>.jpg`,
);

export const sha256 = text('INVALID_BODY', (value) =>
  /^[0-9a-f]{64}$/.test(value) ? undefined : `must have 64 ${HEX}`,
);

export const flag = z.boolean({ error: 'must be true or false' });
