import type { IncomingMessage, ServerResponse } from 'node:http';

/** What connect, Vite and Express mount. Every request it is given ends here: `next` is never called. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
