import type { IncomingMessage } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { ImageCacheOptions } from '../options.ts';
import { isLocal, isLoopback, isOwnPage } from './caller.ts';

/**
 * What a route lets a request do:
 * - `images`: get images, information about images that the request names, and start downloads. The guard and, for each image,
 *   `authorize` decide.
 * - `uploads`: send pictures, and see and change the caller's own uploads. The guard and `authorizeUpload` decide.
 * - `metrics`: read counters that name no image and no actor. For scrapers, which are no browsers.
 * - `invalidate`: remove one image, so that the next request downloads it again.
 * - `manage`: everything that concerns the whole cache, or lists images that the request does not name.
 */
export type Access = 'images' | 'uploads' | 'metrics' | 'invalidate' | 'manage';

/** Decides which routes a request may use that the guard has let pass. */
export interface AccessPolicy {
  /** Whether a request may use routes of this access without a call of the option `manage`. */
  isOpen(request: IncomingMessage, access: Access): boolean;
  /** The hint for a request that may not use the routes of `manage`. */
  manageHint(request: IncomingMessage): string;
}

/**
 * For Vite's dev and preview servers, which run with a developer's credentials. This machine may do everything. A page of the app
 * that is open elsewhere, on a phone or behind a tunnel, may see, fetch and invalidate images. All other requests are refused.
 */
export function developmentAccess(allowedOrigins: readonly string[]): AccessPolicy {
  return {
    isOpen: (request, access) => (access !== 'manage' && isOwnPage(request, allowedOrigins)) || isLocal(request),
    manageHint: ({ socket }) =>
      `Send the request from the machine that runs the server, to \`localhost\`. To allow it from elsewhere, set the option \`manage\`, e.g. \`manage: ({ socket }) => socket.remoteAddress === '${socket.remoteAddress ?? '192.168.0.2'}'\`.`,
  };
}

/**
 * For a server of your own, which the public may reach: only images, which `authorize` may restrict. A reverse proxy on the same
 * machine makes every request local, so a local request has no special rights here, with one exception: a request that changes
 * something and has none of a browser's headers is accepted only from loopback.
 */
export function productionAccess(allowedOrigins: readonly string[]): AccessPolicy {
  return {
    isOpen: (request, access) =>
      (access === 'images' || access === 'uploads' || access === 'metrics') && isHarmless(request, allowedOrigins),
    manageHint: () =>
      'Say which requests may manage the cache with the option `manage` of `createImageCache`, e.g. `manage: (request) => isAdmin(request)`.',
  };
}

/**
 * For the inspector in a server of your own, behind its own `authorize`: everything, if it comes from the inspector's page. What changes
 * something needs the headers of a browser, or comes from this machine.
 */
export function inspectorAccess(): AccessPolicy {
  return {
    isOpen: (request) => isHarmless(request, []),
    manageHint: () => 'Send the request from the page of the inspector.',
  };
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request changes nothing, or comes from a page of ours or from this machine. */
function isHarmless(request: IncomingMessage, allowedOrigins: readonly string[]): boolean {
  return (
    SAFE_METHODS.has(request.method ?? '') ||
    isOwnPage(request, allowedOrigins) ||
    isLoopback(request.socket.remoteAddress)
  );
}

export type EnsureAccess = (request: IncomingMessage, access: Access) => Promise<void>;

/**
 * Creates the check that runs before each route.
 * @returns a function that rejects with ImageCacheError FORBIDDEN_ORIGIN, MANAGEMENT_CLOSED, or INTERNAL when `manage` throws
 */
export function createEnsureAccess(policy: AccessPolicy, manage: ImageCacheOptions['manage']): EnsureAccess {
  return async function ensureAccess(request, access) {
    if (policy.isOpen(request, access)) return;
    if (access === 'images' || access === 'uploads') throw forbiddenPeer();
    if (await isLetIn(manage, request)) return;
    throw new ImageCacheError('MANAGEMENT_CLOSED', 'This call manages the cache, and is closed to this request.', {
      hint: policy.manageHint(request),
    });
  };
}

/** Only `true` allows the request, so that a hook that forgets to return a value refuses it. */
async function isLetIn(manage: ImageCacheOptions['manage'], request: IncomingMessage): Promise<boolean> {
  try {
    return (await manage?.(request)) === true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImageCacheError('INTERNAL', `The option \`manage\` threw: ${reason}`, { cause: error });
  }
}

/** The refusal of a request that comes neither from a page of the app nor from this machine. */
export function forbiddenPeer(): ImageCacheError {
  return new ImageCacheError(
    'FORBIDDEN_ORIGIN',
    'A request without the headers of a browser is accepted only from this machine.',
    {
      hint: 'Send it from the machine that runs the server, to `localhost` and without a proxy, or from a page of the app.',
    },
  );
}
