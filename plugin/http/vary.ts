import type { ServerResponse } from 'node:http';

/**
 * Adds a name to `Vary`, after those that the server around us has set: if its `Accept-Encoding` were lost, a cache could send gzip to a client that
 * cannot read it. All names are in one line, because nginx before 1.23 keeps an answer by the last of several lines only.
 */
export function varyBy(response: ServerResponse, name: string): void {
  const names = [response.getHeader('Vary') ?? []].flat().join(', ');
  const isNamed = names.split(',').some((known) => [name.toLowerCase(), '*'].includes(known.trim().toLowerCase()));
  if (!isNamed) response.setHeader('Vary', names === '' ? name : `${names}, ${name}`);
}
