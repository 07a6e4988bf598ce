import type { Arguments, OptionName } from './args.ts';
import { clearCommand } from './commands/clear.ts';
import { doctorCommand, explainCommand } from './commands/doctor.ts';
import { statsCommand } from './commands/stats.ts';
import { verifyCommand } from './commands/verify.ts';
import { warmCommand } from './commands/warm.ts';
import type { Io } from './io.ts';

/** A command. The table below is all there is: it is parsed by, and the help is made of it. */
export interface Command {
  /** As the help shows it: `[url]` may be left out. */
  operand?: string;
  isRequired?: boolean;
  text: string;
  options: readonly OptionName[];
  /** @returns the exit code */
  run(given: Arguments, io: Io): Promise<number>;
}

const WHERE = ['config', 'dir', 'bucket', 'endpoint', 'region'] as const;

export const COMMANDS: Readonly<Record<string, Command>> = {
  doctor: {
    operand: '[url]',
    text: 'says whether the installation is well; with a URL, explains that image',
    options: ['json', ...WHERE],
    run: doctorCommand,
  },
  explain: {
    operand: '<url>',
    isRequired: true,
    text: 'explains an image: which object it is, its signature, a dry download step by step',
    options: ['json', ...WHERE],
    run: explainCommand,
  },
  stats: {
    text: 'says what is in the cache',
    options: ['json', 'actor', ...WHERE],
    run: statsCommand,
  },
  warm: {
    operand: '[file|-]',
    text: 'downloads images: a URL a line, or an actor, a tab and a URL',
    options: ['json', 'actor', ...WHERE],
    run: warmCommand,
  },
  clear: {
    operand: '[actor]',
    text: 'removes the images that only this actor uses; without an actor, all images',
    options: ['json', 'yes', ...WHERE],
    run: clearCommand,
  },
  verify: {
    text: 'compares every file with the manifest, and mends what it can',
    options: ['json', 'check', ...WHERE],
    run: verifyCommand,
  },
};
