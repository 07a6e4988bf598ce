import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageCache } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { Middleware } from '../http/middleware.ts';
import type { Simulation } from '../http/simulation/simulation.ts';
import { sendProblem } from '../http/respond.ts';
import type { Uploads } from '../uploads/index.ts';

export interface Api {
  cache: ImageCache;
  uploads: Uploads | undefined;
  simulation: Pick<Simulation, 'running' | 'onChange'> | undefined;
  handler: Middleware;
  createInspectorApi(): Middleware;
  close(): Promise<void>;
}

/**
 * An API whose code is imported at the first request. Importing Express and the cache takes longer than the rest of Vite's start,
 * and often no image is requested.
 */
export class LazyApi {
  readonly #load: () => Promise<Api>;
  readonly #warn: (message: string) => void;
  #loading: Promise<Api> | undefined;
  #loaded: Api | undefined;
  #inspector: Middleware | undefined;
  #isClosed = false;

  constructor(load: () => Promise<Api>, warn: (message: string) => void) {
    this.#load = load;
    this.#warn = warn;
  }

  /** Answers the request. Once the code is imported, this happens in the same turn of the event loop. */
  handle(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void {
    if (this.#loaded) {
      this.#loaded.handler(request, response, next);
      return;
    }
    this.#whenLoaded().then(
      ({ handler }) => handler(request, response, next),
      (error: unknown) => sendProblem(request, response, error),
    );
  }

  /** The same for a request to the API of the inspector. */
  readonly handleInspector: Middleware = (request, response, next) => {
    this.#whenLoaded().then(
      (api) => (this.#inspector ??= api.createInspectorApi())(request, response, next),
      (error: unknown) => sendProblem(request, response, error),
    );
  };

  /** Whether a simulation is on. */
  get isSimulating(): boolean {
    return this.#loaded?.simulation?.running !== undefined;
  }

  /** Imports the code before there is a request. A failure is logged. */
  start(): void {
    if (!this.#isClosed) this.#whenLoaded().catch(() => undefined);
  }

  /** Closes the API. There is nothing to close if no request ever came. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const api = await this.#loading?.catch(() => undefined); // requests have already got this error
    await api?.close();
  }

  async #whenLoaded(): Promise<Api> {
    if (this.#isClosed && !this.#loading) throw new ImageCacheError('OVERLOADED', 'The server is being closed.');
    this.#loading ??= this.#load();
    try {
      this.#loaded = await this.#loading;
      return this.#loaded;
    } catch (error) {
      this.#loading = undefined; // the next request tries again: a missing package may be installed by then
      const failure = ImageCacheError.from(error);
      this.#warn(`The image cache could not be loaded: ${failure.message}`);
      throw failure;
    }
  }
}
