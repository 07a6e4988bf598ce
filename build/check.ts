/**
 * `npm run check` before its unit tests: all that can be told of the code without running it. `npm run check:quick [-- <commit>]`: types,
 * lint, and the unit tests that import what was changed since the last commit, or since the one that is named.
 */
import { type Step, runSteps } from './runSteps.ts';

const FULL: Step[] = [
  { name: 'build', command: 'npm run -s build' },
  { name: 'format', command: 'npm run -s check:format' },
  // What imports the package is judged by its built types.
  { name: 'lint', command: 'npm run -s check:lint', after: 'build' },
  { name: 'types', command: 'npm run -s check:types', after: 'build' }, // but for those that the build has checked
  // Without scripts: packing would build once more, under the other steps.
  { name: 'exports', command: 'npm run -s --ignore-scripts check:exports', after: 'build' },
  { name: 'unused', command: 'npm run -s check:unused', after: 'build' },
  { name: 'size', command: 'npm run -s check:size', after: 'build' },
  { name: 'package', command: 'npm run -s check:package', after: 'build' },
];

const [mode, since = 'HEAD'] = process.argv.slice(2);
const QUICK: Step[] = [
  { name: 'types', command: 'npm run -s check:types' },
  { name: 'lint', command: 'npm run -s check:lint' },
  { name: 'tests', command: `npm run -s test:unit -- --passWithNoTests --changed ${JSON.stringify(since)}` },
];

const isGreen = await runSteps(mode === '--quick' ? QUICK : FULL, { atATime: 2 });
process.exitCode = isGreen ? 0 : 1;
