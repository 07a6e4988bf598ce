import express, { type Express } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export interface ExpressApp {
  /** Takes the routes. */
  app: Express;
  /** Serves a request of HTTP/1 or HTTP/2; connect-style, so that it mounts in Vite and in another Express app. */
  handle(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    next: (error?: unknown) => void,
  ): void;
}

/**
 * An Express app that also speaks HTTP/2. Express gives every request and response its own prototypes, built on those
 * of HTTP/1. Under `server.https` Vite uses HTTP/2, whose objects then lose `url`, `headers` and `end`, and the dev
 * server dies. So the app has a second pair built on HTTP/2's, and the request says which one it gets.
 */
export function createExpressApp(): ExpressApp {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // An image's ETag is its digest, known without reading the body.
  app.set('query parser', 'simple'); // `?url[a]=b` stays a text, never an object.
  app.enable('case sensitive routing');

  const http1 = { request: app.request, response: app.response };
  const http2 = {
    request: rebase(app.request, express.request, Http2ServerRequest.prototype),
    response: rebase(app.response, express.response, Http2ServerResponse.prototype),
  };

  return {
    app,
    handle(request, response, next) {
      // The app reads the two before it returns, so requests do not get in each other's way.
      Object.assign(app, request.httpVersionMajor >= 2 ? http2 : http1);
      // Express's types know HTTP/1 only; the prototypes above make up for the difference.
      app(request as express.Request, response as express.Response, next);
    },
  };
}

/** What an app adds to Express's prototype, and that to HTTP/1's, on top of another base. */
function rebase(ofApp: object, ofExpress: object, base: object): object {
  return Object.create(base, {
    ...Object.getOwnPropertyDescriptors(ofExpress),
    ...Object.getOwnPropertyDescriptors(ofApp),
  });
}
