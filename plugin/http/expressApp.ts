import express, { type Express } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export interface ExpressApp {
  /** The app to mount the routes in. */
  app: Express;
  /** Serves a request of HTTP/1 or HTTP/2. Its signature is that of connect, so that Vite and other Express apps can mount it. */
  handle(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    next: (error?: unknown) => void,
  ): void;
}

/**
 * Creates an Express app that also speaks HTTP/2. Express gives every request and response its own prototypes, which are based on
 * those of HTTP/1. With `server.https`, Vite uses HTTP/2, whose objects would then lose `url`, `headers` and `end`, and the dev
 * server would crash. So the app has a second pair of prototypes, based on those of HTTP/2, and uses the one that fits the request.
 */
export function createExpressApp(): ExpressApp {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // the ETag of an image is its digest, which is known without reading the body
  app.set('query parser', 'simple'); // `?url[a]=b` stays a text and does not become an object
  app.enable('case sensitive routing');

  const http1 = { request: app.request, response: app.response };
  const http2 = {
    request: rebase(app.request, express.request, Http2ServerRequest.prototype),
    response: rebase(app.response, express.response, Http2ServerResponse.prototype),
  };

  return {
    app,
    handle(request, response, next) {
      // The app reads both prototypes before it returns, so requests do not affect each other.
      Object.assign(app, request.httpVersionMajor >= 2 ? http2 : http1);
      // Express's types know only HTTP/1; the prototypes above make the objects of HTTP/2 behave in the same way.
      app(request as express.Request, response as express.Response, next);
    },
  };
}

/** Puts what an app adds to Express's prototype, and what Express adds to HTTP/1's, on top of another base. */
function rebase(ofApp: object, ofExpress: object, base: object): object {
  return Object.create(base, {
    ...Object.getOwnPropertyDescriptors(ofExpress),
    ...Object.getOwnPropertyDescriptors(ofApp),
  });
}
