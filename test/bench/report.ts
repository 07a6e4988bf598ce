/** What one section of the bench has found. */
export interface Findings {
  tables: Table[];
  checks: Check[];
  /** Peers that are absent, with how to get them. */
  skipped: string[];
}

/** The first column is text, the others are numbers. */
export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

/** A target of the project, and whether it was met in this run. */
export interface Check {
  claim: string;
  /** `undefined` when a peer it is about was absent. */
  measured: number | undefined;
  sense: '≥' | '≤' | '<';
  limit: number;
  unit: '×' | 'ms' | 'MB';
}

export const atLeast = (claim: string, measured: number | undefined, limit: number): Check => ({
  claim,
  measured,
  sense: '≥',
  limit,
  unit: '×',
});

export const atMost = (
  claim: string,
  measured: number | undefined,
  limit: number,
  unit: Check['unit'] = '×',
): Check => ({ claim, measured, sense: '≤', limit, unit });

export const below = (claim: string, measured: number | undefined, limit: number, unit: Check['unit']): Check => ({
  claim,
  measured,
  sense: '<',
  limit,
  unit,
});

/** One after the other. */
export function together(...all: Findings[]): Findings {
  return {
    tables: all.flatMap(({ tables }) => tables),
    checks: all.flatMap(({ checks }) => checks),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
}

/** The section as Markdown, to be pasted into docs/performance.md. */
export function render({ tables, checks, skipped }: Findings): string {
  const targets: Table = {
    title: 'Targets',
    head: ['target', 'wanted', 'measured', ''],
    rows: checks.map((check) => [
      check.claim,
      `${check.sense} ${check.limit} ${check.unit}`,
      check.measured === undefined ? '' : `${amount(check.measured)} ${check.unit}`,
      verdict(check),
    ]),
  };
  return [...skipped.map((text) => `SKIPPED: ${text}`), ...[...tables, targets].map(renderTable)].join('\n\n');
}

export function hasFailed(check: Check): boolean {
  return verdict(check) === 'FAIL';
}

/** Three digits that mean something. */
export function amount(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(Math.abs(value) < 1 ? 2 : 3);
}

function verdict({ measured, sense, limit }: Check): 'pass' | 'FAIL' | 'skipped' {
  if (measured === undefined) return 'skipped';
  const met = { '≥': measured >= limit, '≤': measured <= limit, '<': measured < limit }[sense];
  return met ? 'pass' : 'FAIL';
}

function renderTable({ title, head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  const line = (cells: string[]) => `| ${cells.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [`**${title}**`, '', line(head), line(rule), ...rows.map(line)].join('\n');
}
