import { ImageCacheError } from '../errors.ts';
import type { ErrorCode } from '../protocol.ts';

/**
 * Parses the parameters of a request's query. It is stricter than URLSearchParams, which turns `+` into a space and broken escapes
 * into U+FFFD: it refuses everything that is ambiguous.
 * @throws ImageCacheError with the code of the wrong parameter
 */
export function parseQuery<Name extends string>(
  requestUrl: string,
  known: Record<Name, ErrorCode>,
): Partial<Record<Name, string>> {
  const start = requestUrl.indexOf('?');
  const query = start === -1 ? '' : requestUrl.slice(start + 1);
  const parameters = new Map<string, string>();
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    if (!isKnown(name, known)) throw unknownParameter(name, parameters.has('url'), Object.values<ErrorCode>(known)[0]);
    if (parameters.has(name)) throw new ImageCacheError(known[name], `The parameter \`${name}\` is given twice.`);
    parameters.set(name, decode(part.slice(equals + 1), name, known[name]));
  }
  return Object.fromEntries(parameters) as Partial<Record<Name, string>>; // only known names were set
}

function isKnown<Name extends string>(name: string, known: Record<Name, ErrorCode>): name is Name {
  return Object.hasOwn(known, name);
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f\ufffd]/;

function decode(text: string, name: string, code: ErrorCode): string {
  let value: string;
  try {
    value = decodeURIComponent(text);
  } catch {
    throw new ImageCacheError(code, `The parameter \`${name}\` is not percent-encoded UTF-8.`);
  }
  if (CONTROL.test(value)) throw new ImageCacheError(code, `The parameter \`${name}\` holds a control character.`);
  return value;
}

function unknownParameter(name: string, afterUrl: boolean, code: ErrorCode = 'INVALID_URL'): ImageCacheError {
  if (afterUrl) {
    return new ImageCacheError(
      'INVALID_URL',
      'The parameter `url` is not percent-encoded, so its parameters became parameters of this request.',
      {
        hint: 'Encode it, e.g. with encodeURIComponent(url) or `curl -G --data-urlencode`.',
      },
    );
  }
  const shown = /^\w{1,40}$/.test(name) ? ` \`${name}\`` : '';
  return new ImageCacheError(code, `There is no parameter${shown}.`);
}
