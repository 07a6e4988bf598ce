import { expect, it } from 'vitest';
import { defineRoute } from '../../plugin/http/defineRoute.ts';
import { ROUTES } from '../../plugin/http/apis.ts';
import { startApi, startBucket } from '../helpers/stack.ts';

const FIRST_PATH = /:\w+/;
const ALLOWED = { GET: 'GET, HEAD', POST: 'POST', PUT: 'PUT', DELETE: 'DELETE' };

it('every route refuses other methods with its name, and tells OPTIONS which methods it has', async () => {
  const api = await startApi(await startBucket(), { authorize: () => false, manage: () => false });
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const target = api.base + path.replace(FIRST_PATH, '0001');
    const allowed = ROUTES.filter((route) => route.path === path)
      .map(({ method }) => ALLOWED[method])
      .join(', ');
    for (const other of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => !allowed.includes(each))) {
      const answer = await fetch(target, { method: other });
      expect([answer.status, answer.headers.get('allow')], `${other} ${path}`).toEqual([405, allowed]);
      if (other === 'HEAD') continue;
      expect(await answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED', hint: `Use ${allowed}.` });
    }
    const options = await fetch(target, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow'), await options.text()], path).toEqual([204, allowed, '']);
    expect(options.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

it.each(['/images', '/image/', '/image/x', '/clear', '/', '/%73tats', '/STATS', '/stats/x'])(
  '%s is not a route, and the answer lists all routes',
  async (path) => {
    const api = await startApi(await startBucket());
    const { method = 'GET' } = ROUTES.find((route) => route.path.startsWith(`${path}/:`)) ?? {};
    const answer = await fetch(api.base + path, { method });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'NOT_FOUND',
      hint: `There are ${[...new Set(ROUTES.map((route) => route.path))].join(', ')}.`,
    });
  },
);

it('a route of images gets only the cache that asks `authorize`', async () => {
  const handled: object[] = [];
  const handler = async (call: object) => void handled.push(call);
  defineRoute({
    method: 'GET',
    path: '/leak',
    access: 'images',
    // @ts-expect-error -- the cache itself is for routes that manage it
    handler: async ({ cache }) => ({ cache }),
  });
  const context = { cache: {}, authorized: {} } as never; // neither is asked for anything
  await defineRoute({ method: 'GET', path: '/a', access: 'images', handler }).create(context)({} as never, {} as never);
  await defineRoute({ method: 'GET', path: '/b', access: 'manage', handler }).create(context)({} as never, {} as never);
  expect(handled.map((call) => 'cache' in call)).toEqual([false, true]);
});
