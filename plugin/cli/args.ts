import { parseArgs } from 'node:util';
import { parseActorId } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';

/** One option of the command line, as the help shows it. */
interface OptionText {
  type: 'boolean' | 'string';
  /** What the value is called. */
  value?: string;
  short?: string;
  multiple?: boolean;
  text: string;
}

/** All options. The table of commands says which of them each has. */
export const OPTIONS = {
  json: { type: 'boolean', text: 'JSON instead of text; `warm` prints a line for each image' },
  actor: { type: 'string', value: 'id', text: 'the images of one actor; of `warm`, of lines that name none' },
  urls: { type: 'string', value: 'file', text: 'only these images: a URL a line, `-` for the standard input' },
  missed: { type: 'boolean', text: 'only the images that were missed with `offline`, as missed.txt lists them' },
  yes: { type: 'boolean', short: 'y', text: 'remove without asking' },
  check: { type: 'boolean', text: 'only tell, and mend nothing' },
  config: { type: 'string', value: 'file', text: 'vite.config, or a module that exports the options of the cache' },
  dir: { type: 'string', value: 'dir', text: 'the directory of the cache, in place of `cacheDir`' },
  bucket: { type: 'string', value: 'name', multiple: true, text: 'a bucket, in place of a configuration; repeatable' },
  endpoint: { type: 'string', value: 'url', text: 'where the buckets are, if not at AWS' },
  region: { type: 'string', value: 'name', text: 'the region of the buckets' },
  help: { type: 'boolean', short: 'h', text: 'this text' },
  version: { type: 'boolean', short: 'v', text: 'the version' },
} as const satisfies Record<string, OptionText>;

export type OptionName = keyof typeof OPTIONS;

/** What was asked for. */
export interface Arguments {
  command: string | undefined;
  /** What follows the command, without options. */
  operands: readonly string[];
  given: readonly OptionName[];
  json: boolean;
  yes: boolean;
  check: boolean;
  missed: boolean;
  urls: string | undefined;
  help: boolean;
  version: boolean;
  actor: string | undefined;
  config: string | undefined;
  dir: string | undefined;
  bucket: readonly string[];
  endpoint: string | undefined;
  region: string | undefined;
}

/** @throws ImageCacheError INVALID_OPTION, INVALID_ACTOR_ID */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [command, ...operands] = positionals;
  const {
    json = false,
    yes = false,
    check = false,
    missed = false,
    help = false,
    version = false,
    bucket = [],
  } = values;
  const { actor, urls, config, dir, endpoint, region } = values;
  if (actor !== undefined) parseActorId(actor);
  const names = Object.keys(OPTIONS) as OptionName[];
  const given = names.filter((name) => values[name] !== undefined);
  return {
    command,
    operands,
    given,
    json,
    yes,
    check,
    missed,
    urls,
    help,
    version,
    actor,
    config,
    dir,
    bucket,
    endpoint,
    region,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Node's words name the option, and no more.
    const message = error instanceof Error ? error.message.split('. ', 1)[0] : String(error);
    throw new ImageCacheError('INVALID_OPTION', `${message}.`, { hint: 'See `image-cache --help`.' });
  }
}
