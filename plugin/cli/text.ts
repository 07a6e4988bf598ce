import { styleText } from 'node:util';
import type { Io } from './io.ts';
import { oneLine, UNPRINTABLE } from '../logger.ts';

/** A name or a message from outside, without anything that a terminal would obey: names of objects and actors may contain it. */
export function clean(text: string): string {
  return oneLine(text);
}

/** JSON in one line. What a terminal would obey is escaped, so that it can also be looked at; a parser reads the same. */
export function toJson(value: object): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  );
}

function escaped(codeUnit: number): string {
  return `\\u${codeUnit.toString(16).padStart(4, '0')}`;
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
