import { z } from 'zod';
import type { SimulatedCode, SimulationEffects, SimulationRequest } from '../../inspectorProtocol.ts';
import { withoutQuery } from '../../cache/index.ts';
import { ERROR_STATUS, type ErrorCode } from '../../protocol.ts';
import { flag, text } from '../fields.ts';
import { PRESETS } from './presets.ts';

const MAX_DELAY_MS = 60_000;
const MAX_MATCH_LENGTH = 1024;

/** They say that the client has left, or that this package is broken or set up wrongly: no app has to show such a state. */
const NEVER_SIMULATED: ReadonlySet<string> = new Set<Exclude<ErrorCode, SimulatedCode>>([
  'ABORTED',
  'INTERNAL',
  'INVALID_OPTION',
  'CACHE_DIR_UNSAFE',
]);

function isSimulated(value: unknown): value is SimulatedCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_STATUS, value) && !NEVER_SIMULATED.has(value);
}

const code = z.custom<SimulatedCode>(isSimulated, {
  error:
    'must be an error code of the API, such as UPSTREAM_NOT_FOUND, and none of ABORTED, INTERNAL, INVALID_OPTION and CACHE_DIR_UNSAFE',
});

/** Zod's own schemas of texts and numbers would bring many others with them into the files that Vite's start reads. */
const number = (error: string, isValid: (value: number) => boolean) =>
  z.custom<number>((value) => typeof value === 'number' && isValid(value), { error });

/** The body of `PUT /simulate`. */
export const simulationSchema: z.ZodType<SimulationRequest> = z
  .strictObject({
    preset: z.enum(
      PRESETS.map(({ name }) => name),
      { error: `must be one of ${PRESETS.map(({ name }) => name).join(', ')}` },
    ),
    delay_ms: number(
      `must be a whole number of milliseconds, 1 to ${MAX_DELAY_MS}`,
      (ms) => Number.isInteger(ms) && ms >= 1 && ms <= MAX_DELAY_MS,
    ),
    hold: flag,
    fail: code,
    cut: flag,
    cold: flag,
    offline: flag,
    // A signed URL may have been pasted here, and the answer shows what is matched.
    match: text('INVALID_BODY', (value) =>
      value.length > MAX_MATCH_LENGTH ? `must have at most ${MAX_MATCH_LENGTH} characters` : undefined,
    ).transform(withoutQuery),
    share: number('must be a number above 0, up to 1', (share) => share > 0 && share <= 1),
    until: number('must be a time in milliseconds since the epoch', Number.isSafeInteger),
  })
  .partial()
  .superRefine((request, context) => {
    const message = problemOf(request);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  // A field that was not sent must be absent, instead of having the value `undefined`.
  .transform((request): SimulationRequest =>
    Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined)),
  );

/** What is wrong with the effects, taken together. */
function problemOf({
  preset,
  delay_ms,
  hold,
  fail,
  cut,
  cold,
  offline,
}: { [Name in keyof (SimulationEffects & { preset: string })]?: unknown }): string | undefined {
  const isAlone = [hold, cut, cold, fail !== undefined || offline === true].filter((each) => each === true).length;
  if (preset !== undefined)
    return isAlone > 0 || delay_ms !== undefined ? 'has a preset and effects: send one of both' : undefined;
  if (isAlone > 1) return 'can have only one of hold, cut, cold, offline and fail; offline and fail go together';
  return isAlone === 0 && delay_ms === undefined
    ? 'has nothing to simulate: send a preset, delay_ms, hold, fail, cut, cold or offline'
    : undefined;
}
