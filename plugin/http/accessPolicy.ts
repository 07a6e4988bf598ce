import type { IncomingMessage } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { ImageCacheOptions } from '../options.ts';
import { isLocal, isLoopback, isOwnPage } from './caller.ts';

/**
 * What a route gives to a request:
 * - `images`: images, what is known of those that were asked for by name, and downloads. Behind the guard and, image by
 *   image, behind `authorize`.
 * - `invalidate`: one image is forgotten, and fetched again by the next request for it.
 * - `manage`: what concerns the whole cache, or tells of images that were not asked for by name.
 */
export type Access = 'images' | 'invalidate' | 'manage';

/** Who may use which routes, of the requests that the guard has passed. */
export interface AccessPolicy {
  /** Whether a request may use routes of this access without the option `manage` having been asked. */
  isOpen(request: IncomingMessage, access: Access): boolean;
  /** What a request may do about it that was not let in to `manage`. */
  manageHint(request: IncomingMessage): string;
}

/**
 * For Vite's dev and preview servers, which run beside a developer's credentials. This machine may do everything. A page of
 * ours that is open elsewhere, on a phone or behind a tunnel, may see, fetch and invalidate images. Everything else gets nothing.
 */
export function developmentAccess(allowedOrigins: readonly string[]): AccessPolicy {
  return {
    isOpen: (request, access) => (access !== 'manage' && isOwnPage(request, allowedOrigins)) || isLocal(request),
    manageHint: ({ socket }) =>
      `Ask from the machine that runs the server, at \`localhost\`. To allow it from elsewhere, set the option \`manage\`, e.g. \`manage: ({ socket }) => socket.remoteAddress === '${socket.remoteAddress ?? '192.168.0.2'}'\`.`,
  };
}

/**
 * For a server of one's own, which the public may reach: images, behind `authorize`, and nothing else. A reverse proxy on
 * the same machine makes every request local, so being local is worth nothing here but for this: a request that changes
 * something and has no browser's header comes from loopback, as it did before there was `manage`.
 */
export function productionAccess(allowedOrigins: readonly string[]): AccessPolicy {
  return {
    isOpen: (request, access) =>
      access === 'images' &&
      (SAFE_METHODS.has(request.method ?? '') ||
        isOwnPage(request, allowedOrigins) ||
        isLoopback(request.socket.remoteAddress)),
    manageHint: () =>
      'Say which requests may manage the cache with the option `manage` of `createImageCache`, e.g. `manage: (request) => isAdmin(request)`.',
  };
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export type EnsureAccess = (request: IncomingMessage, access: Access) => Promise<void>;

/**
 * Makes the check of a route that is not for images alone.
 * @returns a function that rejects with ImageCacheError FORBIDDEN_ORIGIN, MANAGEMENT_CLOSED, or INTERNAL when `manage` throws
 */
export function createEnsureAccess(policy: AccessPolicy, manage: ImageCacheOptions['manage']): EnsureAccess {
  return async function ensureAccess(request, access) {
    if (policy.isOpen(request, access)) return;
    if (access === 'images') throw forbiddenPeer();
    if (await isLetIn(manage, request)) return;
    throw new ImageCacheError('MANAGEMENT_CLOSED', 'This call manages the cache, and is closed to this request.', {
      hint: policy.manageHint(request),
    });
  };
}

/** Only `true` lets in, so that a hook that forgets to answer does not. */
async function isLetIn(manage: ImageCacheOptions['manage'], request: IncomingMessage): Promise<boolean> {
  try {
    return (await manage?.(request)) === true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImageCacheError('INTERNAL', `The option \`manage\` threw: ${reason}`, { cause: error });
  }
}

/** The refusal of a request that is neither a page's nor this machine's. */
export function forbiddenPeer(): ImageCacheError {
  return new ImageCacheError(
    'FORBIDDEN_ORIGIN',
    'A request without the headers of a browser is for this machine only.',
    {
      hint: 'Send it from the machine that runs the server, to `localhost` and not through a proxy, or let a page of the app send it.',
    },
  );
}
