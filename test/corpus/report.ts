import type { Comparison } from './compareFiles.ts';

const HEADINGS = ['format', 'files', 'browser shows', 'we accept, announced', 'we accept, not announced', 'other size'];

/** A table by format, and the names of the files that we and the browser disagree about. */
export function report(comparisons: readonly Comparison[]): string {
  const formats = [...new Set(comparisons.map(({ format }) => format))].toSorted();
  const rows = formats.map((format) =>
    rowOf(
      format,
      comparisons.filter((it) => it.format === format),
    ),
  );
  const sections: [title: string, lines: string[]][] = [
    [
      'Shown by the browser, refused here although the length was announced',
      comparisons.filter(isMissed).map(reasonOf),
    ],
    ['Accepted here, not shown by the browser', comparisons.filter(isSurplus).map(({ file }) => file)],
    [
      'Shown by the browser, refused here where nothing was announced: the structure does not prove that it is whole',
      comparisons.filter(isUnproven).map(({ file, unannounced }) => `${file}  ${unannounced.reason}`),
    ],
    ['Of another size than in the browser', comparisons.filter(hasOtherSize).map(sizesOf)],
  ];
  const lists = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [`${title}:`, ...lines.map(indent)].join('\n'));
  return [table([HEADINGS, ...rows]), ...lists].join('\n\n');
}

/** A browser shows it, and a cache that refuses it breaks the page. */
export function isMissed({ shown, announced }: Comparison): boolean {
  return shown.isShown && !announced.isAccepted;
}

/** We say another size than the browser; of an SVG we may say none. */
export function hasOtherSize({ shown, announced: { isAccepted, width, height } }: Comparison): boolean {
  if (!shown.isShown || !isAccepted || width === undefined || height === undefined) return false;
  return shown.width !== width || shown.height !== height;
}

function isSurplus({ shown, announced }: Comparison): boolean {
  return !shown.isShown && announced.isAccepted;
}

function isUnproven({ shown, announced, unannounced }: Comparison): boolean {
  return shown.isShown && announced.isAccepted && !unannounced.isAccepted;
}

function rowOf(format: string, files: readonly Comparison[]): string[] {
  const count = (matches: (it: Comparison) => boolean) => String(files.filter(matches).length);
  return [
    format,
    count(() => true),
    count(({ shown }) => shown.isShown),
    count(({ announced }) => announced.isAccepted),
    count(({ unannounced }) => unannounced.isAccepted),
    count(hasOtherSize),
  ];
}

function reasonOf({ file, announced }: Comparison): string {
  return `${file}  ${announced.reason}`;
}

function sizesOf({ file, shown, announced }: Comparison): string {
  return `${file}  ${announced.width} × ${announced.height}, in the browser ${shown.width} × ${shown.height}`;
}

function table(rows: readonly string[][]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function indent(line: string): string {
  return `  ${line}`;
}
