interface Grid {
  columns: number;
  count: number;
  /** Rows that are on the screen at once. */
  rows: number;
}

/** Where a key leads from an image of a grid; `undefined` for a key that moves nothing. The grid's own order, also from right to left. */
export function moveInGrid(index: number, key: string, { columns, count, rows }: Grid): number | undefined {
  const last = count - 1;
  const clamp = (to: number): number => Math.min(Math.max(to, 0), last);
  /** Up and down stay in the column; where the last row is short, at its end. */
  const byRows = (by: number): number => {
    const to = index + by * columns;
    if (to < 0) return index % columns;
    if (to <= last) return to;
    const isInLastRow = Math.floor(index / columns) === Math.floor(last / columns);
    return isInLastRow ? index : last;
  };
  switch (key) {
    case 'ArrowRight':
      return clamp(index + 1);
    case 'ArrowLeft':
      return clamp(index - 1);
    case 'ArrowDown':
      return byRows(1);
    case 'ArrowUp':
      return index < columns ? index : byRows(-1);
    case 'PageDown':
      return byRows(rows);
    case 'PageUp':
      return byRows(-rows);
    case 'Home':
      return 0;
    case 'End':
      return clamp(last);
    default:
      return undefined;
  }
}
