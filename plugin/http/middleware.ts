import type { IncomingMessage, ServerResponse } from 'node:http';

/** A middleware that connect, Vite and Express can mount. It answers every request that it gets, and never calls `next`. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
