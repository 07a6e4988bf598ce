import * as z from 'zod/mini'; // a quarter of the time to import, which is Vite's start

/** What each option accepts. The text is what the developer reads when it is something else, after "must be". */
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

/** `undefined` and empty texts seldom stand in a configuration; they come out of `process.env`. */
export const UNSET =
  'Is an environment variable not set? In vite.config.ts, what .env files hold is read by `loadEnv`; it is not in `process.env`.';

/** The URL that a text is, or that it lacks the scheme for. */
export function urlIn(value: string): URL | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** A shell replaces the tilde; here a directory of that name would be made. */
export const directory = checkedText(
  "a directory such as '.image-cache'",
  (value) => value !== '' && !/^~(?:[\\/]|$)/.test(value),
  (value) =>
    value === ''
      ? UNSET
      : "`~` means nothing here: write path.join(os.homedir(), '…'), with `node:os` and `node:path`.",
);
