import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Recorder } from '../../plugin/cache/index.ts';
import type { ImageTiming } from '../../plugin/express.ts';
import { ImageTimer } from '../../plugin/http/imageTimer.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';
import { entryOf } from '../helpers/entries.ts';
import { jpeg } from '../helpers/images.ts';
import { type Api, type Bucket, imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

const made = vi.hoisted(() => ({ timelines: 0 }));
vi.mock('../../plugin/timeline.ts', async (original) => {
  const { Timeline, ...rest } = await original<typeof import('../../plugin/timeline.ts')>();
  class CountedTimeline extends Timeline {
    constructor(...parameters: ConstructorParameters<typeof Timeline>) {
      super(...parameters);
      made.timelines += 1;
    }
  }
  return { ...rest, Timeline: CountedTimeline };
});

let timings: ImageTiming[] = [];

beforeEach(() => {
  timings = [];
  made.timelines = 0;
  const listen = (timing: unknown) => void timings.push(timing as ImageTiming); // nothing else is published there
  subscribe('vite-plugin-image-cache:image', listen);
  onTestFinished(() => void unsubscribe('vite-plugin-image-cache:image', listen));
});

/** The steps of a `Server-Timing`, without their times. */
const stepsOf = (answer: Response) =>
  (answer.headers.get('server-timing') ?? '').split(', ').map((metric) => metric.replace(/;dur=\d+\.\d$/, ''));

const IMAGE = { width: 64, height: 64 };

async function withImage(api: Api, bucket: Bucket, key: string): Promise<{ url: string; path: string }> {
  const url = imageUrl(await bucket.presign(key));
  await (await api.get(url)).arrayBuffer();
  const { entries } = (await (await api.get('/manifest')).json()) as { entries: Record<string, ManifestEntry> };
  const [entry] = Object.values(entries);
  return { url, path: imagePath(entry?.local_path ?? '') };
}

function spyOnDebug(): string[] {
  const lines: string[] = [];
  const spies = (['log', 'info', 'debug'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((line) => void lines.push(String(line))),
  );
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  return lines;
}

describe('an image tells why it was slow', () => {
  it('the steps of a miss are in the log, in Server-Timing and on the channel, without a signature', async () => {
    const lines = spyOnDebug();
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1, IMAGE));
    bucket.server.faults.latencyMs = 60;
    const api = await startApi(bucket, { logLevel: 'debug' });
    const answer = await api.get(imageUrl(await bucket.presign('a.jpg')));
    await answer.arrayBuffer();
    // It is sent while it arrives: what comes after the first bytes is not known yet.
    expect(stepsOf(answer)).toEqual(['s3', 'find', 'queue', 'sign', 'connect', 'first-byte']);
    await vi.waitFor(() => expect(timings).toHaveLength(1));
    const [timing] = timings;
    expect(timing).toMatchObject({ outcome: 'MISS', tier: 's3', size_bytes: expect.any(Number) });
    expect(timing?.s3_url).toMatch(/\/photos\/a\.jpg$/);
    expect(Object.keys(timing?.steps ?? {})).toEqual([
      'find',
      'queue',
      'sign',
      'connect',
      'first-byte',
      'body',
      'store',
    ]);
    expect(timing?.steps['first-byte']).toBeGreaterThan(50);
    const sum = Object.values(timing?.steps ?? {}).reduce((total, ms) => total + ms, 0);
    expect(sum).toBeLessThanOrEqual((timing?.duration_ms ?? 0) + 0.001);
    const line = lines.find((each) => each.includes('MISS'));
    expect(line).toMatch(/MISS \(first seen\) default\/\S+\.jpg \d+\.\d ms: .*first byte \d+/);
    expect(JSON.stringify([timings, lines])).not.toContain('X-Amz-Signature');
  });

  it('a hit in memory, by path or by URL, has no timeline, and its answer has no steps', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(2, IMAGE));
    const api = await startApi(bucket);
    const { path, url } = await withImage(api, bucket, 'a.jpg');
    made.timelines = 0;
    timings = [];
    for (const each of [path, url, `${path}&v=1`, `${url}&v=1`]) {
      const answer = await api.get(each);
      await answer.arrayBuffer();
      expect(answer.headers.get('server-timing')).toBe('memory');
    }
    const variant = `${path}&w=32`;
    await (await api.get(variant)).arrayBuffer();
    await vi.waitFor(() => expect(timings.map(({ steps }) => Object.keys(steps))).toEqual([['variant']]));
    expect(made.timelines).toBe(1);
    expect((await api.get(variant)).headers.get('server-timing')).toBe('memory');
    expect([made.timelines, timings.length]).toEqual([1, 1]);
  });

  it('reading a file, a slow hook and asking S3 are steps', async () => {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(3, IMAGE));
    const authorize = async () => {
      await delay(30);
      return true;
    };
    const api = await startApi(bucket, { memory: false, authorize });
    const { path, url } = await withImage(api, bucket, 'a.jpg');
    timings = [];
    expect(stepsOf(await api.get(path))).toEqual(['disk', 'authorize', 'read']);
    expect(stepsOf(await api.get(url))).toEqual(['disk', 'authorize', 'read']);
    await vi.waitFor(() =>
      expect(timings.map(({ outcome, tier }) => `${outcome} ${tier}`)).toEqual(['HIT disk', 'HIT disk']),
    );
    for (const { steps } of timings) expect(steps.authorize).toBeGreaterThan(25);
    expect(stepsOf(await api.get(`${url}&revalidate=true`))).toEqual([
      'disk',
      'authorize',
      'queue',
      'sign',
      'connect',
      'first-byte',
    ]);
    await vi.waitFor(() => expect(timings.at(-1)).toMatchObject({ outcome: 'REVALIDATED' }));
  });

  it('a failure has the steps before it, and a request that was refused without waiting is not published', async () => {
    const bucket = await startBucket();
    const api = await startApi(bucket);
    expect((await api.get(imageUrl(await bucket.presign('none.jpg')))).status).toBe(404);
    await vi.waitFor(() => expect(timings).toHaveLength(1));
    expect(timings).toEqual([
      {
        s3_url: expect.stringMatching(/\/photos\/none\.jpg$/),
        outcome: 'FAILED',
        code: 'UPSTREAM_NOT_FOUND',
        duration_ms: expect.any(Number),
        steps: {
          find: expect.any(Number),
          queue: expect.any(Number),
          sign: expect.any(Number),
          connect: expect.any(Number),
          'first-byte': expect.any(Number),
        },
      },
    ]);
    expect((await api.get(imageUrl('https://example.com/a.jpg'))).status).toBe(403);
    expect(timings).toHaveLength(1);
  });
});

describe('I54: a subscriber of the channel', () => {
  /** Answers of a server in front of the API, which the test can look at from inside. */
  async function startBehind(): Promise<{ image: string; answers: ServerResponse[] }> {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(4, IMAGE));
    const api = await startApi(bucket, { memory: false });
    const { path } = await withImage(api, bucket, 'a.jpg');
    const answers: ServerResponse[] = [];
    const http = createServer((request, response) => {
      answers.push(response);
      api.images.router(request, response, () => response.end());
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void http.close());
    const { port } = http.address() as AddressInfo; // it listens on TCP
    return { image: `http://127.0.0.1:${port}${path}`, answers };
  }

  function listen(listener: (timing: unknown) => void): void {
    subscribe('vite-plugin-image-cache:image', listener);
    onTestFinished(() => void unsubscribe('vite-plugin-image-cache:image', listener));
  }

  it('that takes long is called when the answer has been given away', async () => {
    const { image, answers } = await startBehind();
    const ended: (boolean | undefined)[] = [];
    listen(() => ended.push(answers.at(-1)?.writableEnded));
    for (let n = 0; n < 3; n += 1) expect((await fetch(image)).status).toBe(200);
    await vi.waitFor(() => expect(ended).toEqual([true, true, true]));
  });

  it('that throws changes no answer: its error is that of the app, as from any listener', async () => {
    const { image } = await startBehind();
    const errors: unknown[] = [];
    process.setUncaughtExceptionCaptureCallback((error) => void errors.push(error));
    onTestFinished(() => process.setUncaughtExceptionCaptureCallback(null));
    listen(() => {
      throw new Error('of the subscriber');
    });
    for (let n = 0; n < 3; n += 1) {
      const answer = await fetch(image);
      expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, expect.any(Number)]);
    }
    await vi.waitFor(() =>
      expect(errors.map(String)).toEqual(Array.from({ length: 3 }, () => 'Error: of the subscriber')),
    );
    expect(timings.length).toBeGreaterThanOrEqual(3); // the others are told all the same
  });
});

it('a hit in memory by URL reads no clock for its end, unless that is logged', () => {
  const clock = vi.spyOn(performance, 'now');
  onTestFinished(() => clock.mockRestore());
  const debug = vi.fn();
  const image = { entry: entryOf(1), body: Buffer.alloc(0), tier: 'memory' } as const;
  const recorder = {} as Recorder; // it hears nothing of it
  const silent = { info: () => undefined, warn: () => undefined };
  new ImageTimer({ logger: { ...silent, debug: undefined }, recorder }, 0).served(image);
  expect(clock).not.toHaveBeenCalled();
  new ImageTimer({ logger: { ...silent, debug }, recorder }, 0).served(image);
  expect(debug).toHaveBeenCalledWith(expect.stringMatching(/^HIT memory /));
});
