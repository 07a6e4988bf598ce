import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createImageCache } from '../../plugin/express.ts';
import { developmentAccess, productionAccess } from '../../plugin/http/accessPolicy.ts';
import { ROUTES } from '../../plugin/http/apis.ts';
import type { Problem } from '../../plugin/protocol.ts';
import { requestFrom } from '../helpers/requestFrom.ts';
import { type Api, startApi, startBucket } from '../helpers/stack.ts';

/** `startApi` lets everything in to manage; this takes it back. The types of options know no `undefined`. */
const WITHOUT_MANAGE: object = { manage: undefined };

/** What a page or a person may do behind `authorize`; all others are closed unless `manage` lets in. Written by hand, so that no route is opened by mistake. */
const OPEN = new Set(['/image', '/i/:name', '/exists', '/lookup', '/prefetch', '/events', '/metrics']);
/** And behind `authorizeUpload`. */
const isOpen = (path: string) => OPEN.has(path) || path.startsWith('/uploads');

async function codeOf(api: Api, path: string, headers: Record<string, string> = {}): Promise<string | undefined> {
  const { method = '' } = ROUTES.find((route) => route.path === path) ?? {};
  const abort = new AbortController();
  const target = api.base + path.replace(':actorId', '0001');
  const answer = await fetch(target, { method, headers, signal: abort.signal });
  const isProblem = answer.headers.get('content-type')?.includes('problem') === true;
  const code = isProblem ? ((await answer.json()) as Problem).code : undefined;
  abort.abort(); // events never end
  return code;
}

describe('E17: in a server of your own', () => {
  it('the management of the cache is closed, to this machine and to the app’s own pages', async () => {
    const api = await startApi(await startBucket(), WITHOUT_MANAGE);
    const pages = [{}, { Origin: api.base }, { 'Sec-Fetch-Site': 'same-origin' }, { Referer: `${api.base}/` }];
    const forwarded = { 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' };
    for (const headers of [...pages, forwarded]) {
      for (const { path } of ROUTES) {
        const code = await codeOf(api, path, headers);
        if (isOpen(path)) expect(code, path).not.toBe('MANAGEMENT_CLOSED');
        else expect(code, path).toBe('MANAGEMENT_CLOSED');
      }
    }
  });

  it('the refusal names the option that opens it', async () => {
    const api = await startApi(await startBucket(), WITHOUT_MANAGE);
    const answer = await api.post('/clear-all');
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'MANAGEMENT_CLOSED', hint: expect.stringContaining('`manage`') });
  });

  it('every method and spelling of a path that reaches a route is checked', async () => {
    const api = await startApi(await startBucket(), WITHOUT_MANAGE);
    for (const path of ['/clear-all', '/clear-all/', '/clear-all?x=1', '/clear/0001/', '/clear/%30001']) {
      expect(await (await api.post(path)).json(), path).toMatchObject({ code: 'MANAGEMENT_CLOSED' });
    }
    for (const path of ['/stats', '/stats/', '/manifest?actor_id=1']) {
      const answer = await fetch(api.base + path, { method: 'HEAD' });
      expect(answer.status, path).toBe(403);
    }
  });

  it('`manage` allows a request only by returning true, also asynchronously', async () => {
    const answers: unknown[] = [true, Promise.resolve(true), false, Promise.resolve(false), undefined, 1, 'yes', {}];
    const seen: (string | undefined)[] = [];
    const manage = (): boolean => {
      const answer = answers.shift();
      return answer as boolean; // what an app in JavaScript may answer
    };
    const api = await startApi(await startBucket(), { manage });
    while (answers.length > 0) seen.push(await codeOf(api, '/stats'));
    expect(seen).toEqual([undefined, undefined, ...Array.from({ length: 6 }, () => 'MANAGEMENT_CLOSED')]);
  });

  it('`manage` gets the request, but never one from a page of another site', async () => {
    const manage = vi.fn((request: { headers: Record<string, unknown> }) => request.headers['x-token'] === 't');
    const api = await startApi(await startBucket(), { manage });
    expect(await codeOf(api, '/clear-all', { 'X-Token': 't' })).toBeUndefined();
    expect(await codeOf(api, '/clear-all', { 'X-Token': 'u' })).toBe('MANAGEMENT_CLOSED');
    manage.mockClear();
    expect(await codeOf(api, '/clear-all', { 'X-Token': 't', Origin: 'https://evil.example' })).toBe(
      'FORBIDDEN_ORIGIN',
    );
    expect(manage).not.toHaveBeenCalled();
  });

  it('a `manage` that throws answers 500, allows nothing, and is named in the log', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const manage = () => Promise.reject(new Error('no session store'));
    const api = await startApi(await startBucket(), { manage, logLevel: 'warn' });
    expect(await codeOf(api, '/clear-all')).toBe('INTERNAL');
    expect(warn.mock.calls.join()).toContain('`manage` threw: no session store');
  });

  it('the body of a refused request is not read', async () => {
    const api = await startApi(await startBucket(), WITHOUT_MANAGE);
    const answer = await api.post('/pin', 'no JSON of ours', { 'Content-Type': 'text/plain' });
    expect(await answer.json()).toMatchObject({ code: 'MANAGEMENT_CLOSED' });
  });

  it('a `manage` that is not a function is refused at the start', () => {
    expect(() => createImageCache({ buckets: ['photos'], manage: 'yes' as never })).toThrow(
      'option `manage` must be a function of the request',
    );
  });
});

const LAN = { Host: '192.168.0.2:5173' };

describe('S8: in Vite', () => {
  const { isOpen, manageHint } = developmentAccess(['https://admin.example.com']);
  /** What a request may do, as `images invalidate manage`. */
  const may = (address: string | undefined, headers: Record<string, string>, method = 'GET') =>
    (['images', 'invalidate', 'manage'] as const)
      .filter((access) => isOpen(requestFrom(address, headers, method), access))
      .join(' ');
  const ALL = 'images invalidate manage';
  const PAGE = 'images invalidate';

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('%s may do everything at localhost', (address) => {
    for (const Host of ['localhost', 'localhost:5173', 'app.localhost:1', '127.0.0.1:5173', '[::1]:5173']) {
      expect(may(address, { Host }), Host).toBe(ALL);
      expect(may(address, { Host }, 'POST'), Host).toBe(ALL);
      expect(may(address, { Host, 'Sec-Fetch-Site': 'same-origin' }, 'POST'), Host).toBe(ALL);
    }
  });

  it.each(['192.168.0.7', '::ffff:192.168.0.7', '2001:db8::127', '10.0.0.1', undefined])(
    '%s without a browser’s headers is refused, whatever its host',
    (address) => {
      for (const Host of ['192.168.0.2:5173', 'localhost:5173', '127.0.0.1']) {
        expect(may(address, { Host })).toBe('');
        expect(may(address, { Host }, 'POST')).toBe('');
        expect(may(address, { Host, 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' })).toBe('');
      }
    },
  );

  it.each([
    { Referer: 'http://192.168.0.2:5173/album?x=1' },
    { Referer: 'http://192.168.0.2:5173/' },
    { Origin: 'http://192.168.0.2:5173' },
    { 'Sec-Fetch-Site': 'same-origin' },
    { Referer: 'https://admin.example.com/' },
  ])('a page of ours on a phone (%j) reads and invalidates, and never manages', (headers) => {
    expect(may('192.168.0.7', { ...LAN, ...headers })).toBe(PAGE);
    expect(may('192.168.0.7', { ...LAN, ...headers }, 'POST')).toBe(PAGE);
    expect(may('192.168.0.7', { ...LAN, ...headers, Host: 'localhost' }).includes('manage')).toBe(false);
  });

  it.each(['http://192.168.0.2:5174/', 'http://evil.example/', 'http://192.168.0.2/', 'null', '', 'http://[', '/'])(
    'the Referer %s is not a page of the app',
    (Referer) => {
      expect(may('192.168.0.7', { ...LAN, Referer })).toBe('');
    },
  );

  it.each([
    { 'X-Forwarded-For': '127.0.0.1' },
    { 'X-Forwarded-Host': 'localhost' },
    { 'X-Forwarded-Proto': 'https' },
    { Forwarded: 'for=127.0.0.1;host=localhost' },
    { Via: '1.1 proxy' },
    { 'X-Real-IP': '127.0.0.1' },
    { 'CF-Connecting-IP': '127.0.0.1' },
  ])('a request of a proxy or tunnel on loopback with %j is not local', (headers) => {
    expect(may('127.0.0.1', { Host: 'localhost:5173', ...headers })).toBe('');
    expect(may('127.0.0.1', { Host: 'localhost:5173', 'Sec-Fetch-Site': 'same-origin', ...headers })).toBe(PAGE);
  });

  it.each(['abc.tunnel.example', '192.168.0.2:5173', '10.0.0.1', '128.0.0.1', 'localhost.example', '0.0.0.0:5173'])(
    'a request on loopback with the host %s is not local',
    (Host) => {
      expect(may('127.0.0.1', { Host })).toBe('');
      expect(may('127.0.0.1', { Host, 'Sec-Fetch-Site': 'same-origin' })).toBe(PAGE);
    },
  );

  it('HTTP/2 names the host as :authority', () => {
    const request = requestFrom('127.0.0.1', { ':authority': 'localhost:5173' });
    request.httpVersionMajor = 2;
    expect(isOpen(request, 'manage')).toBe(true);
    const elsewhere = requestFrom('127.0.0.1', {
      ':authority': '192.168.0.2:5173',
      Referer: 'https://192.168.0.2:5173/',
    });
    elsewhere.httpVersionMajor = 2;
    expect([isOpen(elsewhere, 'images'), isOpen(elsewhere, 'manage')]).toEqual([true, false]);
  });

  it('the hint contains the address of the client', () => {
    expect(manageHint(requestFrom('172.17.0.1', LAN))).toContain("socket.remoteAddress === '172.17.0.1'");
  });
});

describe('in a server of your own', () => {
  const { isOpen } = productionAccess([]);

  it.each([
    ['127.0.0.1', true],
    ['::ffff:127.0.0.1', true],
    ['192.168.0.7', false],
    [undefined, false],
  ])('T3: images are read from anywhere; a POST without a browser’s headers from %s: %s', (address, isAllowed) => {
    const headers = { Host: 'app.example.com', 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' };
    expect(isOpen(requestFrom(address, headers), 'images')).toBe(true);
    expect(isOpen(requestFrom(address, headers, 'POST'), 'images')).toBe(isAllowed);
    expect(isOpen(requestFrom(address, { ...headers, Origin: 'https://app.example.com' }, 'POST'), 'images')).toBe(
      true,
    );
    expect(isOpen(requestFrom(address, headers), 'manage')).toBe(false);
    expect(isOpen(requestFrom(address, headers, 'POST'), 'invalidate')).toBe(false);
  });
});
