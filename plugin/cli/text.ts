import { styleText } from 'node:util';
import type { Io } from './io.ts';
import { oneLine } from '../logger.ts';

/** A name or a message from outside, without anything that a terminal would obey: names of objects and actors may contain it. */
export function clean(text: string): string {
  return oneLine(text);
}

/** Colours, where there are some. */
export function painter({ hasColours }: Pick<Io, 'hasColours'>) {
  return (format: Parameters<typeof styleText>[0], text: string): string =>
    hasColours ? styleText(format, text, { validateStream: false }) : text;
}

/** Counts with their nouns: `1 image`, `1,234 images`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
