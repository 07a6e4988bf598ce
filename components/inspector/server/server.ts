import { readNdjson } from '../../client/ndjson.ts';
import { refusalOf, ServerError } from './serverError.ts';

type Query = Record<string, string | number | undefined>;

/** The API of the inspector, as the page asks it. All calls reject with a {@link ServerError}. */
export interface Server {
  get<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer>;
  send<Answer>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object, signal?: AbortSignal): Promise<Answer>;
  /** Sends a file as it is. */
  sendFile<Answer>(path: string, file: Blob, type: string, signal?: AbortSignal): Promise<Answer>;
  /** From now on, calls name this project, without which those about uploads are refused. */
  setProject(project: string): void;
  /** An answer of lines, each as soon as it has come. */
  lines<Line>(method: 'GET' | 'POST', path: string, signal?: AbortSignal): AsyncIterable<Line>;
  /** The address of a picture, or of a file to be saved. */
  url(path: string, query: Query): string;
}

/** @param base where the API is, relative to the page */
export function createServer(base = './api', fetch = globalThis.fetch.bind(globalThis)): Server {
  const url = (path: string, query: Query = {}): string => {
    const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
    return `${base}/${path}${search === '' ? '' : `?${search}`}`;
  };

  let project: string | undefined;

  async function ask(address: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (project !== undefined) headers.set('Image-Cache-Project', project);
    const response = await fetch(address, { credentials: 'same-origin', ...init, headers }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ServerError('The server does not answer.');
    });
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  async function json<Answer>(response: Response): Promise<Answer> {
    if (!/json/.test(response.headers.get('Content-Type') ?? '')) {
      throw new ServerError('Something else than the image cache has answered.', {
        status: response.status,
        hint: 'Is there a proxy or a login in front of it that answers these calls?',
      });
    }
    return (await response.json()) as Answer; // the server of the same package has written it
  }

  return {
    url,
    setProject: (name) => void (project = name),
    get: async (path, query, signal) => json(await ask(url(path, query), signal ? { signal } : {})),
    async send(method, path, body, signal) {
      const headers = { ...(body && { 'Content-Type': 'application/json' }) };
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }), ...(signal && { signal }) };
      return json(await ask(url(path), init));
    },
    async sendFile(path, file, type, signal) {
      const init = { method: 'POST', headers: { 'Content-Type': type }, body: file, ...(signal && { signal }) };
      return json(await ask(url(path), init));
    },
    async *lines<Line>(method: string, path: string, signal?: AbortSignal) {
      const headers = { Accept: 'application/x-ndjson' };
      const { body } = await ask(url(path), { method, headers, ...(signal && { signal }) });
      if (body === null) return;
      for await (const line of readNdjson(body)) yield line as Line; // as above
    },
  };
}
