import { expect, test } from 'vitest';
import { createLogger } from '../plugin/logger.ts';

function setUp(
  level: 'warn' | 'debug' = 'warn',
  settings: Pick<NonNullable<Parameters<typeof createLogger>[2]>, 'linkTo'> = {},
) {
  const printed: string[] = [];
  let time = 0;
  const print = (message: string) => void printed.push(message);
  const timers: { ms: number; run: () => void }[] = [];
  const logger = createLogger(
    level,
    { info: print, warn: print },
    { now: () => time, after: (ms, run) => void timers.push({ ms, run }), ...settings },
  );
  return { logger, printed, timers, pass: (ms: number) => void (time += ms) };
}

const warnOf = (count: number, warn: (message: string) => void, from = 0) => {
  for (let n = from; n < from + count; n += 1) warn(`image ${n}`);
};

test('ten warnings in ten seconds are printed, then a line that says there are more; those that were left out may come later', () => {
  const { logger, printed, pass } = setUp();
  warnOf(500, logger.warn);
  expect(printed).toHaveLength(11);
  expect(printed.at(-1)).toBe("[image-cache] More warnings like these are left out; `logLevel: 'debug'` shows all.");
  pass(9_999);
  logger.warn('image 500');
  expect(printed).toHaveLength(11);
  pass(1);
  logger.warn('image 0');
  logger.warn('image 400');
  expect(printed.slice(11)).toEqual(['[image-cache] image 400']);
});

test('the logger of an app gets each record on the level that it has, with its own `this`', () => {
  const calls: string[] = [];
  class Logger {
    readonly #calls = calls;
    debug(message: string) {
      this.#calls.push(`debug ${message}`);
    }
    info(message: string) {
      this.#calls.push(`info ${message}`);
    }
    warn(message: string) {
      this.#calls.push(`warn ${message}`);
    }
  }
  const logger = createLogger('debug', new Logger());
  logger.debug?.('MISS');
  logger.info('hello');
  logger.warn('X-Amz-Signature=abcdef');
  expect(calls).toEqual([
    'debug [image-cache] MISS',
    'info [image-cache] hello',
    'warn [image-cache] X-Amz-Signature=[redacted]',
  ]);
});

test('what a logger throws is not thrown on', () => {
  const fail = () => {
    throw new Error('disk full');
  };
  const logger = createLogger('debug', { debug: fail, info: fail, warn: fail });
  logger.debug?.('MISS');
  logger.info('hello');
  logger.warn('careful');
});

test('debug shows all of them', () => {
  const { logger, printed } = setUp('debug');
  warnOf(500, logger.warn);
  expect(printed).toHaveLength(500);
});

const NOT_LISTED = "HOST_NOT_ALLOWED No bucket has it. Add it: buckets: ['photos']";

test('E9: one warning per cause, then the number of further images', () => {
  const { logger, printed, timers } = setUp();
  for (const name of ['1', '2', '3', '4', '5', '6', '1', '2']) logger.warn(NOT_LISTED, `s3://photos/${name}.jpg`);
  expect(printed).toEqual([`[image-cache] s3://photos/1.jpg: ${NOT_LISTED}`]);
  expect(timers.map(({ ms }) => ms)).toEqual([1_000]);
  timers[0]?.run();
  expect(printed.slice(1)).toEqual(['[image-cache] s3://photos/2.jpg and 4 more: HOST_NOT_ALLOWED, as above.']);

  logger.warn(NOT_LISTED, 's3://photos/7.jpg');
  logger.warn('UPSTREAM_NOT_FOUND The origin answered 404.', 's3://photos/7.jpg');
  expect(printed.slice(2)).toEqual(['[image-cache] s3://photos/7.jpg: UPSTREAM_NOT_FOUND The origin answered 404.']);
  expect(timers[1]?.ms, 'ever less often').toBe(10_000);
  timers[1]?.run();
  expect(printed.slice(3)).toEqual(['[image-cache] s3://photos/7.jpg: HOST_NOT_ALLOWED, as above.']);
});

test('the first image of a cause comes with the address at which more is said about it', () => {
  const linkTo = (about: string) => `http://localhost/#${about}`;
  const { logger, printed, timers } = setUp('warn', { linkTo });
  for (const name of ['1', '2']) logger.warn(NOT_LISTED, `s3://photos/${name}.jpg`);
  logger.warn('The disk is nearly full.');
  timers[0]?.run();
  expect(printed).toEqual([
    `[image-cache] s3://photos/1.jpg: ${NOT_LISTED} See http://localhost/#s3://photos/1.jpg`,
    '[image-cache] The disk is nearly full.',
    '[image-cache] s3://photos/2.jpg: HOST_NOT_ALLOWED, as above.',
  ]);
});

test('E9: a thousand images of a prefetch that fail for one reason are two lines', () => {
  const { logger, printed, timers } = setUp();
  for (let n = 0; n < 3_000; n += 1) logger.warn(NOT_LISTED, `s3://photos/${n}.jpg`);
  for (const { run } of timers) run();
  expect(printed).toHaveLength(2);
  expect(printed[1]).toContain('s3://photos/1.jpg and 2998 more');
});

test('debug shows each of them', () => {
  const { logger, printed } = setUp('debug');
  for (let n = 0; n < 20; n += 1) logger.warn(NOT_LISTED, `s3://photos/${n}.jpg`);
  expect(printed).toHaveLength(20);
});

test.each([
  ['directions', '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c'],
  ['what has no width', '\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f'],
  ['what looks empty', '\u115f\u1160\u3164\uffa0\u17b4\u17b5'],
  ['tags and annotations', '\u{e0001}\u{e0041}\u{e007f}\ufff9\ufffa\ufffb'],
  ['lines', '\n\r\u0085\u2028\u2029\u000b\u000c'],
  ['escapes', '\u001b[31m\u009b31m\u0007\u0000'],
])('S16, T18: %s are shown and not obeyed', (_, characters) => {
  const { logger, printed } = setUp();
  for (const character of characters) logger.warn(`photo${character}gpj.exe`);
  logger.warn(characters);
  for (const line of printed) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u3164\uffa0\u115f]/u);
  expect(printed[0]).toBe('[image-cache] photo\uFFFDgpj.exe');
});

test('names in any script, and emoji, are printed as they are', () => {
  const { logger, printed } = setUp();
  logger.warn('Größe 写真 صورة תמונה फोटो ❤️ 🎉');
  expect(printed).toEqual(['[image-cache] Größe 写真 صورة תמונה फोटो ❤️ 🎉']);
});
