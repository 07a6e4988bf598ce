import { main } from '../../plugin/cli/main.ts';
import type { Io } from '../../plugin/cli/io.ts';

export interface Ran {
  code: number;
  /** What was printed, as data. */
  out: string;
  /** What was said to the person. */
  said: string;
}

/** Runs the command line in this process. Nobody is there to be asked, unless `reply` says what they answer. */
export async function runCommand(
  argv: readonly string[],
  {
    reply,
    input = [],
    ...world
  }: Partial<Omit<Io, 'input'>> & { reply?: string; input?: Iterable<string | Uint8Array> } = {},
): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', said: '' };
  ran.code = await main(argv, {
    cwd: '/nowhere',
    env: {},
    input: arriving(input),
    isInteractive: reply !== undefined,
    hasColours: false,
    signal: new AbortController().signal,
    showsData: false,
    write: () => Promise.reject(new Error('Only a text was expected.')),
    async print(line) {
      ran.out += `${line}\n`;
    },
    say(line) {
      ran.said += `${line}\n`;
    },
    async ask(question) {
      ran.said += `${question}\n`;
      return reply ?? '';
    },
    ...world,
  });
  return ran;
}

async function* arriving(chunks: Iterable<string | Uint8Array>): AsyncGenerator<string | Uint8Array> {
  yield* chunks;
}
