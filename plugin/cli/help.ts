import { OPTIONS } from './args.ts';
import type { Command } from './commands.ts';

const PROGRAM = 'image-cache';

/** The help, made of the table of commands. @param only of one command */
export function helpText(commands: Readonly<Record<string, Command>>, only?: string): string {
  const shown = Object.entries(commands).filter(([name]) => only === undefined || name === only);
  const usage = (name: string, { operand = '' }: Command) => `${PROGRAM} ${name} ${operand}`.trim();
  const names = new Set<string>([...shown.flatMap(([, { options }]) => options), 'help', 'version']);
  const options = Object.entries(OPTIONS).filter(([name]) => names.has(name));
  return [
    ...columns(shown.map(([name, command]) => [usage(name, command), command.text])),
    '',
    ...columns(
      options.map(([name, option]) => {
        const short = 'short' in option ? `-${option.short}, ` : '';
        const value = 'value' in option ? ` <${option.value}>` : '';
        return [`${short}--${name}${value}`, option.text];
      }),
    ),
    '',
    'The options of the cache are those of `imageCache()` in vite.config, or of image-cache.config.',
    'Exit codes: 0 all is well, 1 something is not, 2 it could not be done, 130 interrupted.',
  ].join('\n');
}

/** Two columns, the first as wide as its widest text. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}
