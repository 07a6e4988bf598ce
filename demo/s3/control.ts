import type { IncomingMessage, ServerResponse } from 'node:http';
import { SHARES, type Faults } from './faults.ts';
import { resetStats, type Stats } from './stats.ts';

/**
 * The control route, with which other processes, and the demo's page through its own server, switch faults.
 *
 * - `GET /_s3/control` answers `{ faults, stats }`.
 * - `PUT /_s3/control` sets some of the faults, as JSON; `null` removes an optional one. It answers like GET.
 * - `POST /_s3/control/reset-stats` sets every count to 0. It answers like GET.
 *
 * It needs no signature, so it answers only requests from loopback, with a loopback name (because of DNS rebinding), and not from a
 * page of another origin. It also works while `offline` is set. No bucket can be called `_s3`.
 */
export const CONTROL_PATH = '/_s3/control';

const MAX_BODY_BYTES = 64 * 1024;

export interface ControlTarget {
  faults: Faults;
  stats: Stats;
}

/** Whether a request is for the control route rather than for S3. */
export function isControlRequest(incoming: IncomingMessage): boolean {
  const path = incoming.url?.split('?', 1)[0] ?? '';
  return path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`);
}

export async function handleControl(
  incoming: IncomingMessage,
  response: ServerResponse,
  target: ControlTarget,
): Promise<void> {
  const refusal = refuse(incoming);
  if (refusal !== undefined) return answer(response, 403, { error: refusal });

  switch (`${incoming.method} ${incoming.url}`) {
    case `GET ${CONTROL_PATH}`:
      break;
    case `PUT ${CONTROL_PATH}`: {
      const change = parseFaults(await readText(incoming));
      if (typeof change === 'string') return answer(response, 400, { error: change });
      apply(target.faults, change);
      break;
    }
    case `POST ${CONTROL_PATH}/reset-stats`:
      resetStats(target.stats);
      break;
    default:
      return answer(response, 404, { error: `Try GET or PUT ${CONTROL_PATH}, or POST ${CONTROL_PATH}/reset-stats` });
  }
  const { faults, stats } = target;
  const counts = { byKey: Object.fromEntries(stats.byKey), writes: Object.fromEntries(stats.writes) };
  answer(response, 200, { faults, stats: { ...stats, ...counts } });
}

function refuse({ headers, socket }: IncomingMessage): string | undefined {
  const host = (headers.host ?? '').replace(/:\d*$/, '').toLowerCase();
  if (!/^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '')) return 'Loopback only';
  if (!/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)) return 'The Host has to be a loopback name';
  if (headers.origin !== undefined) return 'Not for pages of any origin';
  return undefined;
}

type Change = { [Name in keyof Faults]?: Faults[Name] | null };

const OPTIONAL = new Set(['retryAfterSeconds', 'keys']);
const EXPECTED: Record<string, string> = {
  ...Object.fromEntries(SHARES.map((name) => [name, 'a number from 0 to 1'])),
  latencyMs: 'a number from 0 to 600000',
  bytesPerSecond: 'a number, 0 or more',
  retryAfterSeconds: 'a number from 0 to 86400, or null',
  offline: 'true or false',
  keys: 'a string, or null',
};
const MAXIMA: Record<string, number> = {
  ...Object.fromEntries(SHARES.map((name) => [name, 1])),
  latencyMs: 600_000,
  bytesPerSecond: Number.MAX_SAFE_INTEGER,
  retryAfterSeconds: 86_400,
};

/** Returns the change, or a text that says what is wrong with it. */
function parseFaults(text: string | undefined): Change | string {
  if (text === undefined) return `The body is larger than ${MAX_BODY_BYTES} bytes`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'The body is not JSON';
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'The body has to be a JSON object';
  for (const [name, value] of Object.entries(json)) {
    if (!Object.hasOwn(EXPECTED, name))
      return `There is no fault "${name}"; there are ${Object.keys(EXPECTED).join(', ')}`;
    if (!isAcceptable(name, value)) return `"${name}" has to be ${EXPECTED[name]}, not ${JSON.stringify(value)}`;
  }
  return json; // every field was just checked
}

function isAcceptable(name: string, value: unknown): boolean {
  if (value === null) return OPTIONAL.has(name);
  if (name === 'offline') return typeof value === 'boolean';
  if (name === 'keys') return typeof value === 'string';
  return typeof value === 'number' && value >= 0 && value <= (MAXIMA[name] ?? 0);
}

function apply(faults: Faults, { retryAfterSeconds, keys, ...required }: Change): void {
  Object.assign(faults, required);
  if (retryAfterSeconds === null) delete faults.retryAfterSeconds;
  else if (retryAfterSeconds !== undefined) faults.retryAfterSeconds = retryAfterSeconds;
  if (keys === null) delete faults.keys;
  else if (keys !== undefined) faults.keys = keys;
}

/** Reads a body; `undefined` if it is over the limit. */
async function readText(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The types allow anything, but without an encoding each chunk is a Buffer. The answer still needs the socket.
  const stream: AsyncIterable<Buffer> = incoming.iterator({ destroyOnReturn: false });
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
