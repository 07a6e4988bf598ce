import type { CacheLogger } from './cache/index.ts';
import { type CausesSettings, createCauses } from './causes.ts';
import type { ImageCacheLogger, ResolvedOptions } from './options.ts';
import { redact } from './redact.ts';

const PREFIX = '[image-cache]';
/** How many warnings are remembered, so that each is printed only once. */
const MAX_REMEMBERED = 1000;
/** Warnings in one interval. When an album cannot be loaded, hundreds of images fail for one reason. */
const MAX_WARNINGS = 10;
const INTERVAL_MS = 10_000;

interface LoggerSettings extends CausesSettings {
  /** Milliseconds, from any start. */
  now?: () => number;
}

/**
 * Creates a logger that adds a prefix, removes secrets and keeps each record on one line. It prints each warning once, not too
 * many at a time, and only one for each cause, with the number of images.
 * @param printer the console, Vite's own logger, or the app's
 */
export function createLogger(
  level: ResolvedOptions['logLevel'],
  printer: ImageCacheLogger,
  { now = () => performance.now(), after, linkTo }: LoggerSettings = {},
): CacheLogger {
  const warned = new Set<string>();
  let recent = 0;
  let since = -Infinity;
  const print = (to: 'debug' | 'info' | 'warn', message: string) => {
    const record = `${PREFIX} ${oneLine(redact(message))}`;
    try {
      printer[to === 'debug' && printer.debug === undefined ? 'info' : to]?.(record);
    } catch {
      // A request must not fail because the app's logger does.
    }
  };
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

  const causes = createCauses(warn, { after, linkTo });
  return {
    debug: shows('debug') ? (message) => print('debug', message) : undefined,
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
 * A line break or an escape sequence in a file name must not forge a record or colour the terminal (T18). A character that changes
 * the direction of text, or is invisible, must not make a record look like another one (S16; Trojan Source, CVE-2021-42574).
 * Variation selectors are kept, because emoji contain them.
 */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;

/** The text without {@link UNPRINTABLE} characters. */
export function oneLine(message: string): string {
  return message.replaceAll(UNPRINTABLE, '\uFFFD');
}
