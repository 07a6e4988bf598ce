import type { Cell } from './cell.ts';

/** What is looked at in each cell, in this order. */
export const STEPS = [
  'install',
  'dev',
  'picture',
  'cached',
  'HMR',
  'closed',
  'offline',
  'build',
  'types',
  'test',
] as const;
export type Step = (typeof STEPS)[number];

export interface CellResult {
  cell: Cell;
  /** What was installed, e.g. `vite 8.3.8`. */
  versions: readonly string[];
  /** `yes`, or why not; absent if it was not reached, or is not there. */
  steps: Partial<Record<Step, string>>;
}

export function hasFailed({ cell, steps }: CellResult): boolean {
  if (cell.notAvailable !== undefined) return false;
  return STEPS.some((step) => applies(cell, step) && steps[step] !== 'yes');
}

function applies(cell: Cell, step: Step): boolean {
  if (step === 'install' || step === 'build') return true;
  if (step === 'offline') return cell.isForTests === true;
  return cell[step === 'types' || step === 'test' ? step : 'dev'] !== undefined;
}

/** The results as Markdown, for docs/compatibility.md, and below it why something failed. */
export function renderTable(results: readonly CellResult[]): string {
  const rows = results.map((result) => {
    const { cell, versions } = result;
    if (cell.notAvailable !== undefined)
      return [cell.name, `not available: ${cell.notAvailable}`, ...STEPS.map(() => '')];
    return [cell.name, versions.join(', '), ...STEPS.map((step) => mark(result, step))];
  });
  const failures = results.flatMap(({ cell, steps }) =>
    Object.entries(steps).flatMap(([step, why]) => (why === 'yes' ? [] : [`### ${cell.name}, ${step}\n\n${why}\n`])),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['', 'with', ...STEPS];
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '', ...failures].join('\n');
}

function mark({ cell, steps }: CellResult, step: Step): string {
  const result = steps[step];
  if (result === 'yes') return '✓';
  if (result === undefined) return applies(cell, step) ? 'not reached' : '–';
  return 'FAILED';
}
