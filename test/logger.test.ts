import { expect, test } from 'vitest';
import { createLogger } from '../plugin/logger.ts';

function setUp(level: 'warn' | 'debug' = 'warn') {
  const printed: string[] = [];
  let time = 0;
  const print = (message: string) => void printed.push(message);
  const logger = createLogger(level, { info: print, warn: print }, () => time);
  return { logger, printed, pass: (ms: number) => void (time += ms) };
}

const warnOf = (count: number, warn: (message: string) => void, from = 0) => {
  for (let n = from; n < from + count; n += 1) warn(`image ${n}`);
};

test('ten warnings in ten seconds are printed, and that there are more; those that were left out may come later', () => {
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

test('debug shows all of them', () => {
  const { logger, printed } = setUp('debug');
  warnOf(500, logger.warn);
  expect(printed).toHaveLength(500);
});
