import type { CacheLogger } from './cache/logger.ts';
import { createCauses } from './cache/causes.ts';
import type { ResolvedOptions } from './options.ts';
import { redact } from './redact.ts';

/** Whoever prints: the console, or Vite's own logger. */
export interface Printer {
  info(message: string): void;
  warn(message: string): void;
}

const PREFIX = '[image-cache]';
/** Warnings remembered so as to be printed once. */
const MAX_REMEMBERED = 1000;
/** An album that cannot be had has one reason and hundreds of images. */
const MAX_WARNINGS = 10;
const INTERVAL_MS = 10_000;

/**
 * A logger that prefixes, strips secrets, keeps each record on one line, and warns of each thing once and of not too many at a time;
 * of what has the same cause once, with a count.
 * @param now milliseconds, from any start
 */
export function createLogger(
  level: ResolvedOptions['logLevel'],
  printer: Printer,
  now: () => number = () => performance.now(),
  after?: Parameters<typeof createCauses>[1],
): CacheLogger {
  const warned = new Set<string>();
  let recent = 0;
  let since = -Infinity;
  const print = (to: 'info' | 'warn', message: string) => printer[to](`${PREFIX} ${oneLine(redact(message))}`);
  const shows = (least: ResolvedOptions['logLevel']) => RANK[level] >= RANK[least];

  function warn(message: string): void {
    if (warned.has(message)) return;
    if (now() - since >= INTERVAL_MS) [recent, since] = [0, now()];
    recent += 1;
    if (recent > MAX_WARNINGS && !shows('debug')) {
      if (recent === MAX_WARNINGS + 1)
        print('warn', "More warnings like these are left out; `logLevel: 'debug'` shows all.");
      return;
    }
    if (warned.size >= MAX_REMEMBERED) warned.clear();
    warned.add(message);
    print('warn', message);
  }

  const causes = createCauses(warn, after);
  return {
    debug: shows('debug') ? (message) => print('info', message) : undefined,
    info: (message) => shows('info') && print('info', message),
    warn(message, about) {
      if (!shows('warn')) return;
      if (about === undefined) warn(message);
      else if (shows('debug')) warn(`${about}: ${message}`);
      else causes.tell(message, about);
    },
  };
}

const RANK = { silent: 0, warn: 1, info: 2, debug: 3 };

/** A line break or an escape sequence in a file name must not forge a record, or colour the terminal (T18). */
function oneLine(message: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it replaces
  return message.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\uFFFD');
}
