import type { Request, Response } from 'express';
import { ImageCacheError } from '../errors.ts';
import type { ItemError } from '../protocol.ts';
import { securityHeaders } from './respond.ts';
import type { OutboundBudget } from './outboundBudget.ts';

const NDJSON = 'application/x-ndjson';

/** Whether the client wants the answer as lines of JSON. The default is one JSON text. */
export function wantsLines(request: Request): boolean {
  return request.accepts(['application/json', NDJSON]) === NDJSON;
}

/** An answer that is sent line by line. */
export interface Lines<Line> {
  send(line: Line): void;
  end(): void;
}

/** Begins an answer with one JSON text per line. Lines of the same turn of the event loop are sent together. */
export function beginLines<Line>(response: Response, outbound: OutboundBudget): Lines<Line> {
  response.set({
    ...securityHeaders(response),
    'Content-Type': NDJSON,
    'Cache-Control': 'no-cache, no-transform', // a compressor would hold the lines back
    'X-Accel-Buffering': 'no', // and so would nginx
  });
  response.flushHeaders();
  const write = outbound.writer(response);
  let waiting = '';
  const flush = () => {
    if (waiting !== '') write(waiting);
    waiting = '';
  };
  return {
    send(line) {
      if (waiting === '') setImmediate(flush);
      waiting += `${JSON.stringify(line)}\n`;
    },
    end() {
      flush();
      response.end();
    },
  };
}

/** Answers with the lines that the work sends; at last with its result, or with the reason why there is none. */
export async function answerInLines<Line>(
  response: Response,
  outbound: OutboundBudget,
  work: (send: (line: Line) => void) => Promise<Line>,
): Promise<undefined> {
  const { send, end } = beginLines<Line | { error: ItemError }>(response, outbound);
  try {
    send(await work(send));
  } catch (error) {
    send({ error: ImageCacheError.from(error).toItem() });
  }
  end();
  return undefined;
}
