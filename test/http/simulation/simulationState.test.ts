import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { SimulationRequest } from '../../../plugin/inspectorProtocol.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import { parseBody } from '../../../plugin/http/jsonBody.ts';
import { isConcerned } from '../../../plugin/http/simulation/isConcerned.ts';
import { PRESETS } from '../../../plugin/http/simulation/presets.ts';
import { MAX_MS, Simulation } from '../../../plugin/http/simulation/simulation.ts';
import { simulationSchema } from '../../../plugin/http/simulation/simulationSchema.ts';
import { MAX_REQUESTS, type Wait, WaitingRoom } from '../../../plugin/http/simulation/waitingRoom.ts';
import { asHeader, inWords } from '../../../plugin/http/simulation/words.ts';
import { ERROR_STATUS } from '../../../plugin/protocol.ts';

/** A simulation with a clock of its own, and what it has said. */
function simulation() {
  let time = 1_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  const lines: string[] = [];
  const news: string[] = [];
  const made = new Simulation({
    logger: { info: (line) => void lines.push(line) },
    onRecovered: () => void news.push('recovered'),
    now: () => time,
    after(ms, run) {
      const timer = { at: time + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  });
  made.onChange((isOn) => void news.push(isOn ? 'on' : 'off'));
  const pass = (ms: number) => {
    time += ms;
    for (const timer of Array.from(timers)) if (timer.at <= time && timers.delete(timer)) timer.run();
  };
  return { simulation: made, lines, news, pass, now: () => time, timers };
}

describe('the state of a simulation', () => {
  it('ends by itself after ten minutes, and says so once in the terminal, as at its beginning', () => {
    const { simulation: state, lines, news, pass, timers } = simulation();
    expect(state.status).toBeNull();
    state.begin({ preset: 'slow', match: '0001', share: 0.5 });
    expect(state.status).toMatchObject({ preset: 'slow', delay_ms: 3000, match: '0001', share: 0.5, held: 0 });
    pass(MAX_MS - 1);
    expect(state.status).not.toBeNull();
    pass(1);
    expect(state.status).toBeNull();
    expect(news).toEqual(['on', 'off', 'recovered']);
    expect(lines).toEqual([
      expect.stringMatching(
        /^Simulation: images wait for 3 s for 50 % of them, only for “0001”\. It ends by itself at \d\d:\d\d:\d\d/,
      ),
      'Simulation ended after its time: images are answered as usual.',
    ]);
    expect(timers.size).toBe(0);
    state.end();
    expect(news).toHaveLength(3);
  });

  it('another one takes its place: pages try again, and only its own time counts', () => {
    const { simulation: state, news, pass } = simulation();
    state.begin({ hold: true });
    pass(MAX_MS - 1);
    state.begin({ fail: 'UPSTREAM_NOT_FOUND' });
    pass(1);
    expect(state.status).toMatchObject({ fail: 'UPSTREAM_NOT_FOUND' });
    expect(state.status).not.toHaveProperty('hold');
    expect(news).toEqual(['on', 'on', 'recovered']);
  });

  it('may end earlier, but neither later nor in the past', () => {
    const { simulation: state, now, pass } = simulation();
    state.begin({ hold: true, until: now() + 5000 });
    pass(5000);
    expect(state.status).toBeNull();
    for (const until of [now(), now() + MAX_MS + 1]) {
      expect(() => state.begin({ hold: true, until })).toThrow(ImageCacheError);
    }
    expect(state.status).toBeNull();
  });
});

describe('what can be asked for', () => {
  const parse = (body: unknown) => parseBody(simulationSchema, body);

  it('every preset is one, and all are different', () => {
    for (const { name, effects } of PRESETS) {
      expect(parse({ preset: name })).toEqual({ preset: name });
      expect(parse(effects)).toEqual(effects);
    }
    expect(new Set(PRESETS.map(({ effects }) => asHeader(effects))).size).toBe(PRESETS.length);
    expect(inWords(PRESETS[3]?.effects ?? {})).toBe('images fail with UPSTREAM_THROTTLED, unless they are cached');
  });

  it('I38: every code of the API but those of the package’s own faults', () => {
    const refused = new Set(['ABORTED', 'INTERNAL', 'INVALID_OPTION', 'CACHE_DIR_UNSAFE']);
    for (const code of Object.keys(ERROR_STATUS)) {
      if (refused.has(code)) expect(() => parse({ fail: code }), code).toThrow('`fail`');
      else expect(parse({ fail: code })).toEqual({ fail: code });
    }
    for (const code of ['', 'toString', '__proto__', 'upstream_error', 404, null]) {
      expect(() => parse({ fail: code }), String(code)).toThrow('`fail`');
    }
  });

  it.each([
    [{}, 'has nothing to simulate'],
    [{ match: 'a', share: 1 }, 'has nothing to simulate'],
    [{ offline: false }, 'has nothing to simulate'],
    [{ hold: true, cut: true }, 'only one of'],
    [{ cold: true, fail: 'NOT_FOUND' }, 'only one of'],
    [{ preset: 'slow', hold: true }, 'a preset and effects'],
    [{ preset: 'nothing' }, '`preset`'],
    [{ delay_ms: 0 }, '`delay_ms`'],
    [{ delay_ms: 60_001 }, '`delay_ms`'],
    [{ delay_ms: 1.5 }, '`delay_ms`'],
    [{ hold: 'yes' }, '`hold`'],
    [{ hold: true, share: 0 }, '`share`'],
    [{ hold: true, share: 1.1 }, '`share`'],
    [{ hold: true, match: 'a'.repeat(1025) }, '`match`'],
    [{ hold: true, scope: 'browser' }, 'unknown field'],
    ['hold', 'The body'],
  ])('%j is refused', (body, why) => {
    expect(() => parse(body)).toThrow(why);
  });

  it('a signature in `match` is not kept', () => {
    expect(parse({ hold: true, match: 'https://photos.example/a.jpg?X-Amz-Signature=abc' })).toEqual({
      hold: true,
      match: 'https://photos.example/a.jpg',
    });
  });
});

describe('which images are concerned', () => {
  const image = (key: string, ...actorIds: string[]) => ({ key: `https://photos.example/${key}`, actorIds });

  it('by the actor, or by a part of the URL as it is written or decoded', () => {
    expect(isConcerned(image('a.jpg', '0001'), { match: '0001' })).toBe(true);
    expect(isConcerned(image('a.jpg', '00011'), { match: '0001' })).toBe(false);
    expect(isConcerned(image('big%20dune.jpg'), { match: 'Big Dune' })).toBe(true);
    expect(isConcerned(image('big%20dune.jpg'), { match: 'big%20d' })).toBe(true);
    expect(isConcerned(image('%E4.jpg'), { match: 'ä' })).toBe(false);
    expect(isConcerned(image('a.jpg'), { match: '' })).toBe(true);
  });

  it('a share is the same images each time, and about so many', () => {
    const chosen = (share: number) =>
      Array.from({ length: 400 }, (_, n) => n).filter((n) => isConcerned(image(`${n}.jpg`), { share }));
    const third = chosen(0.3);
    expect(third.length).toBeGreaterThan(80);
    expect(third.length).toBeLessThan(160);
    expect(chosen(0.3)).toEqual(third);
    expect(chosen(0.6)).toEqual(expect.arrayContaining(third));
    expect(chosen(1)).toHaveLength(400);
  });
});

describe('the room where requests wait', () => {
  const never = () => () => undefined;
  const wait = (change: Partial<Wait> & { version?: number } = {}): Wait => ({
    request: { httpVersionMajor: change.version ?? 2 } as IncomingMessage, // no more of it is read
    kind: 'image',
    ms: undefined,
    signal: new AbortController().signal,
    ...change,
  });

  it('I35: has room for a hundred requests, and for no more', async () => {
    const room = new WaitingRoom(never);
    const waits = Array.from({ length: 10_000 }, () => room.wait(wait()));
    expect(waits.filter((each) => each !== undefined)).toHaveLength(MAX_REQUESTS);
    expect(room.size).toBe(100);
    room.close();
    expect(await Promise.all(waits.flatMap((each) => each ?? []))).toEqual(Array(MAX_REQUESTS).fill('ended'));
    expect(room.size).toBe(0);
    expect(room.wait(wait())).toBeDefined();
  });

  it('many images of one prefetch are one request', () => {
    const room = new WaitingRoom(never);
    const { request } = wait();
    const waits = Array.from({ length: 500 }, () => room.wait(wait({ request, kind: 'visible' })));
    expect(waits).not.toContain(undefined);
    expect(room.size).toBe(1);
  });

  it('over HTTP/1, a browser keeps a connection of its six for the inspector and the app', () => {
    const room = new WaitingRoom(never);
    const held = (kind: Wait['kind']) =>
      Array.from({ length: 10 }, () => room.wait(wait({ kind, version: 1 }))).filter((each) => each !== undefined);
    expect([held('image'), held('visible'), held('background')].map(({ length }) => length)).toEqual([3, 2, 0]);
    expect(room.wait(wait({ version: 1, ms: 1000 }))).toBeDefined(); // it ends by itself
  });

  it('who has left, or has waited long enough, makes room', async () => {
    let run = (): void => undefined;
    const room = new WaitingRoom((_, later) => ((run = later), () => undefined));
    const left = new AbortController();
    const waits = [room.wait(wait({ signal: left.signal })), room.wait(wait({ ms: 1000 }))];
    left.abort();
    run();
    expect([await waits[0], await waits[1]]).toEqual(['left', 'over']);
    expect(room.size).toBe(0);
    expect(await room.wait(wait({ signal: left.signal }))).toBe('left');
  });
});

it('what is asked for is typed as what is parsed', () => {
  const request: SimulationRequest = parseBody(simulationSchema, { offline: true, fail: 'UPSTREAM_EXPIRED' });
  expect(asHeader(request)).toBe('offline=UPSTREAM_EXPIRED');
});
