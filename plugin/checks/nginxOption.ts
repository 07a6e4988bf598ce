import { ImageCacheError } from '../errors.ts';

const LOCATION = /^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*\/)+$/;
/** As a header can have it, without quotes and the `$` of a variable of nginx. */
const SECRET = /^[A-Za-z0-9_.~+/=-]{16,256}$/;

/**
 * Checks the option `nginx`. The secret is not part of any message.
 * @throws ImageCacheError INVALID_OPTION
 */
export function checkNginx(nginx: unknown): void {
  if (nginx === undefined) return;
  const given = typeof nginx === 'object' && nginx !== null ? nginx : {}; // JavaScript does not check the type
  const { location, secret, ...others } = given as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalid(`there is no option \`nginx.${unknown}\``, 'There are `location` and `secret`.');
  if (typeof location !== 'string' || !LOCATION.test(location)) {
    throw invalid(
      'option `nginx.location` must be the path of an internal location of nginx, with a slash at both ends',
      "Write e.g. '/_image-cache/', as in the configuration of nginx.",
    );
  }
  if (typeof secret !== 'string' || !SECRET.test(secret)) {
    throw invalid(
      'option `nginx.secret` must be a text of 16 to 256 letters, digits and `_.~+/=-`',
      'Make one with `openssl rand -hex 32`, and let nginx send it as `Image-Cache-Nginx`: docs/cdn.md has the configuration.',
    );
  }
}

function invalid(what: string, hint: string): ImageCacheError {
  return new ImageCacheError('INVALID_OPTION', `imageCache: ${what}.`, { hint });
}
