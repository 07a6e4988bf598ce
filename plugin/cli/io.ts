/** The world of a command, so that a test can give it another one. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is piped in. */
  readonly input: AsyncIterable<Uint8Array | string>;
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  readonly hasColours: boolean;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  /** Whether data is shown on a terminal, and not written to a file or given to a program. */
  readonly showsData: boolean;
  /** Writes a line of data. Resolves when there is room for more. */
  print(line: string): Promise<void>;
  /** Writes data that is no text. Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says something to the person, which is no data. */
  say(line: string): void;
  /** Asks the person for a line. */
  ask(question: string): Promise<string>;
}

/** Of the program, beside those of a shell: it has done what it was asked. */
export const FINE = 0;
/** It has, and the answer is no: something is wrong, damaged, or has failed. */
export const NOT_FINE = 1;
/** It could not: wrong arguments, or a configuration that cannot be read. */
export const NOT_DONE = 2;
/** As shells say it of Ctrl+C. */
export const INTERRUPTED = 130;
