import type { Arguments, OptionName } from './args.ts';
import { clearCommand } from './commands/clear.ts';
import { doctorCommand, explainCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
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
  export: {
    operand: '<file|->',
    isRequired: true,
    text: 'makes a pack: a tar with images, for other machines, tests and CI',
    options: ['json', 'actor', 'urls', 'missed', ...WHERE],
    run: exportCommand,
  },
  import: {
    operand: '<file|->',
    isRequired: true,
    text: 'takes the images of a pack into the cache, and checks each of them',
    options: ['json', ...WHERE],
    run: importCommand,
  },
};
