/** How many causes are remembered, and how many images of each. */
const MAX_REMEMBERED = 1000;
/** How long images are counted before a line with their number: short at first, for a page that is being loaded, then longer. */
const FIRST_MS = 1_000;
const NEXT_MS = 10_000;

interface Cause {
  told: Set<string>;
  /** The first image since the last line, and how many there were. */
  next: string;
  count: number;
  summaries: number;
}

/** Prints each cause once, with the first image that failed for it, and later how many more images failed for it. */
export interface Causes {
  /**
   * @param cause the error's code, what is wrong and what to do about it
   * @param about the image that failed
   */
  tell(cause: string, about: string): void;
}

export interface CausesSettings {
  /** Runs something later, without keeping the process alive. */
  after?: ((ms: number, run: () => void) => void) | undefined;
  /** Where more is said about an image, if there is such a place. */
  linkTo?: ((about: string) => string | undefined) | undefined;
}

export function createCauses(
  print: (message: string) => void,
  { after = (ms, run) => void setTimeout(run, ms).unref(), linkTo }: CausesSettings = {},
): Causes {
  const causes = new Map<string, Cause>();

  function summarize(text: string, cause: Cause): void {
    const { next, count } = cause;
    cause.count = 0;
    cause.summaries += 1;
    const [code = ''] = text.split(' ', 1);
    print(`${next}${count === 1 ? '' : ` and ${count - 1} more`}: ${code}, as above.`);
  }

  return {
    tell(text, about) {
      const cause = causes.get(text);
      if (cause === undefined) {
        if (causes.size >= MAX_REMEMBERED) causes.clear();
        causes.set(text, { told: new Set([about]), next: '', count: 0, summaries: 0 });
        const link = linkTo?.(about);
        print(`${about}: ${text}${link === undefined ? '' : ` See ${link}`}`);
        return;
      }
      if (cause.told.has(about)) return;
      if (cause.told.size >= MAX_REMEMBERED) cause.told.clear();
      cause.told.add(about);
      cause.count += 1;
      if (cause.count > 1) return;
      cause.next = about;
      after(cause.summaries === 0 ? FIRST_MS : NEXT_MS, () => summarize(text, cause));
    },
  };
}
