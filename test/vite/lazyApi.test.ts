import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { ImageCache } from '../../plugin/cache/imageCache.ts';
import { type Api, LazyApi } from '../../plugin/vite/lazyApi.ts';

/** An API that answers with the number of requests it has had, and that can be closed. */
function countingApi() {
  const state = { requests: 0, closed: 0 };
  const api: Api = {
    cache: {} as ImageCache, // LazyApi asks nothing of it
    uploads: undefined,
    simulation: undefined,
    close: async () => void (state.closed += 1),
    handler: (_request, response) => response.end(String((state.requests += 1))),
    createInspectorApi: () => (_request, response) => response.end('inspected'),
  };
  return { api, state };
}

function defer<Value>() {
  let resolve = (_value: Value) => {};
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}

async function serve(lazy: LazyApi): Promise<() => Promise<Response>> {
  const server = createServer((request, response) => lazy.handle(request, response, () => response.end('next')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return () => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`); // it listens on TCP
}

it('E4: simultaneous requests load the API once, and all are answered', async () => {
  const { api, state } = countingApi();
  let loads = 0;
  const ask = await serve(
    new LazyApi(
      async () => {
        loads += 1;
        return api;
      },
      () => {},
    ),
  );
  await Promise.all(Array.from({ length: 5 }, ask));
  expect([loads, state.requests]).toEqual([1, 5]);
});

it('E4: a missing package causes an error answer and a warning, and the next request tries again', async () => {
  const { api } = countingApi();
  const warnings: string[] = [];
  let isInstalled = false;
  const load = async () => {
    if (isInstalled) return api;
    throw new Error("Cannot find package 'express'");
  };
  const ask = await serve(new LazyApi(load, (text) => warnings.push(text)));
  const refused = await ask();
  expect([refused.status, await refused.json()]).toMatchObject([500, { code: 'INTERNAL' }]);
  expect(warnings).toEqual(["The image cache could not be loaded: Cannot find package 'express'"]);
  isInstalled = true;
  expect(await (await ask()).text()).toBe('1');
});

it('E4: closes a loaded API, waits for one that is being loaded, and loads none afterwards', async () => {
  const { api, state } = countingApi();
  const { promise: arrived, resolve: arrive } = defer<Api>();
  const { promise: loading, resolve: begin } = defer<void>();
  const lazy = new LazyApi(
    () => {
      begin();
      return arrived;
    },
    () => {},
  );
  const ask = await serve(lazy);
  const answer = ask();
  await loading;
  const closing = lazy.close();
  arrive(api);
  await closing;
  expect([(await answer).status, state.closed]).toEqual([200, 1]);

  const never = new LazyApi(
    () => Promise.reject(new Error('not to be called')),
    () => {},
  );
  await never.close();
  expect((await (await serve(never))()).status).toBe(503);
});
