import type { IncomingMessage, ServerResponse } from 'node:http';
import { LongJson } from './longJson.ts';
import { sendText } from './respond.ts';
import type { OutboundBudget } from './outboundBudget.ts';

/**
 * Answers with JSON, and with the status that the response already has.
 * @throws ImageCacheError OVERLOADED when it is long, and clients have too many unread bytes already
 */
export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  json: object,
  outbound: OutboundBudget,
): void {
  const text = json instanceof LongJson ? json.toString() : JSON.stringify(json);
  const body = Buffer.from(text);
  outbound.admit(body.length);
  sendText(request, response, response.statusCode, 'application/json; charset=utf-8', body);
  outbound.sent(response, body.length);
}
