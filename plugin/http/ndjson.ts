import type { Request, Response } from 'express';
import { securityHeaders } from './respond.ts';

const NDJSON = 'application/x-ndjson';

/** Whether the answer is wanted line by line; one JSON text is the default. */
export function wantsLines(request: Request): boolean {
  return request.accepts(['application/json', NDJSON]) === NDJSON;
}

/** Begins an answer of one JSON text a line, and returns what sends a line. */
export function beginLines(response: Response): (line: unknown) => void {
  response.set({
    ...securityHeaders(response),
    'Content-Type': NDJSON,
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no', // nginx would keep the lines until there are enough of them
  });
  response.flushHeaders();
  return (line) => response.write(`${JSON.stringify(line)}\n`);
}
