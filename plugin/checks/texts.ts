import * as z from 'zod/mini'; // imported in a quarter of the time of 'zod', at each start of Vite

/** A text that is not empty. `expected` completes the message "option … must be" for a wrong value. */
export const text = (expected: string) => z.string({ error: expected }).check(z.minLength(1, { error: expected }));

/** A text that passes a check; when it does not, the hint says what to write instead. */
export const checkedText = (
  expected: string,
  passes: (value: string) => boolean,
  hintOf: (value: string) => string | undefined = () => undefined,
) =>
  z.string({ error: expected }).check(({ value, issues }) => {
    if (passes(value)) return;
    issues.push({ code: 'custom', input: value, message: expected, params: { hint: hintOf(value) } });
  });

/** The hint for `undefined` and empty texts: developers seldom write them; they come from `process.env`. */
export const UNSET =
  'Is an environment variable not set? In vite.config.ts, `process.env` does not contain the values of .env files; use `loadEnv`.';

/** Parses a URL that may lack its scheme. */
export function urlIn(value: string): URL | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** A shell replaces the tilde; here a directory with that name would be created. */
export const directory = checkedText(
  "a directory such as '.image-cache'",
  (value) => value !== '' && !/^~(?:[\\/]|$)/.test(value),
  (value) =>
    value === ''
      ? UNSET
      : "`~` is not replaced here: write path.join(os.homedir(), '…'), with `node:os` and `node:path`.",
);
