import { Agent, request } from 'node:http';
import net from 'node:net';

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A client that sends a request target unchanged, which `fetch` would normalise. */
export function rawClient(base: string) {
  const { hostname, port } = new URL(base);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  function send(method: string, target: string, body?: string | Buffer, headers: Record<string, string> = {}) {
    return new Promise<RawAnswer>((resolve, reject) => {
      const sent = request({ hostname, port, method, path: target, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('latin1'),
          }),
        );
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Writes bytes to a new socket, and resolves with everything that was received. */
  function socket(bytes: string): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const connection = net.connect(Number(port), hostname, () => connection.write(bytes, 'latin1'));
      connection.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      // A server may reset the connection after a refusal. What it sent before that counts.
      connection.on('error', () => {}).on('close', () => resolve(text));
    });
  }

  return { send, socket, json: jsonSender(send), close: () => agent.destroy() };
}

function jsonSender(
  send: (...args: [string, string, (string | Buffer)?, Record<string, string>?]) => Promise<RawAnswer>,
) {
  return (path: string, body: string | Buffer) => send('POST', path, body, { 'Content-Type': 'application/json' });
}
