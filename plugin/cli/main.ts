import { ImageCacheError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { type Arguments, parseArguments } from './args.ts';
import { type Command, COMMANDS } from './commands.ts';
import { helpText } from './help.ts';
import { FINE, INTERRUPTED, type Io, NOT_DONE } from './io.ts';
import { clean } from './text.ts';

/** Runs the command line. @returns the exit code */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    const given = parseArguments(argv);
    if (given.version) {
      await io.print(VERSION);
      return FINE;
    }
    const { command: name } = given;
    const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
    if (given.help || name === undefined) {
      await io.print(helpText(COMMANDS, command && name));
      return given.help ? FINE : NOT_DONE;
    }
    if (command === undefined) throw wrong(`There is no command ${clean(name)}.`);
    ensureFits(name, command, given);
    return await command.run(given, io);
  } catch (error) {
    if (io.signal.aborted) return INTERRUPTED;
    const { message, hint } = ImageCacheError.from(error);
    io.say(clean(message));
    if (hint !== undefined && !message.includes(hint)) io.say(clean(hint));
    return NOT_DONE;
  }
}

/** @throws ImageCacheError INVALID_OPTION for an option that the command does not have, or an operand too many or too few */
function ensureFits(name: string, { options, operand, isRequired }: Command, { given, operands }: Arguments): void {
  const unknown = given.find((option) => !options.includes(option));
  if (unknown !== undefined) throw wrong(`\`${name}\` has no option --${unknown}.`);
  if (operands.length > (operand === undefined ? 0 : 1)) {
    throw wrong(
      `\`${name}\` takes ${operand === undefined ? 'nothing' : `one ${operand}`} more, and not ${operands.length}. Put a text with special characters into quotes.`,
    );
  }
  if (isRequired === true && operands.length === 0) throw wrong(`\`${name}\` needs ${operand}.`);
}

function wrong(message: string): ImageCacheError {
  return new ImageCacheError('INVALID_OPTION', message, { hint: 'See `image-cache --help`.' });
}
