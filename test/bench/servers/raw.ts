import { readFile } from 'node:fs/promises';
import type { RunningServer } from './kinds.ts';
import { listen } from './listen.ts';

export interface RawAnswer {
  file: string;
  /** Of a 200, as we send them. */
  headers: Record<string, string>;
  /** Of a 304. */
  notModified: Record<string, string>;
}

/** The limit of the runtime: `node:http`, a Buffer, and the very headers that we send. Answers by path. */
export async function start(answers: Record<string, RawAnswer>): Promise<RunningServer> {
  const loaded = Object.entries(answers).map(
    async ([path, answer]) => [path, { ...answer, body: await readFile(answer.file) }] as const,
  );
  const byPath = new Map(await Promise.all(loaded));
  return listen((request, response) => {
    const answer = byPath.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else if (request.headers['if-none-match'] === answer.headers['ETag']) {
      response.writeHead(304, answer.notModified).end();
    } else response.writeHead(200, answer.headers).end(answer.body);
  });
}
