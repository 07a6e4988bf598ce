import type { Middleware } from '../middleware.ts';

/** The path of the inspector below Vite's base. */
export const INSPECTOR_PATH = '/__image-cache';

const API = '/api';

/** Puts the page and its API at one path: what is below `api/` goes to the API, without that prefix, and all else to the page. */
export function createInspector({ page, api }: { page: Middleware; api: Middleware }): Middleware {
  return function inspectorMiddleware(request, response, next) {
    const { url = '/' } = request;
    if (!isApiUrl(url)) return page(request, response, next);
    const rest = url.slice(API.length);
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    return api(request, response, next);
  };
}

/** Whether a URL below the path of the inspector is of its API. */
export function isApiUrl(url: string): boolean {
  return /^\/api(?:[/?]|$)/.test(url);
}
