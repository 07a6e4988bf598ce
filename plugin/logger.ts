import type { CacheLogger } from './cache/index.ts';
import { createCauses } from './causes.ts';
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

/**
 * A line break or an escape sequence in a file name must not forge a record, or colour the terminal (T18), and a character that
 * turns the direction of a text, or cannot be seen, must not make a record read as another one (S16; Trojan Source,
 * CVE-2021-42574). Variation selectors stay, which emoji have.
 */
function oneLine(message: string): string {
  return message.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu, '\uFFFD');
}
