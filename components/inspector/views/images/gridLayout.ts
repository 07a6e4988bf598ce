import type { Chosen } from './entriesQuery.ts';

export interface GridLayout {
  columns: number;
  /** In pixels, as the rest. */
  rowHeight: number;
  gap: number;
  /** On both sides of a row. */
  padding: number;
}

const TILE_WIDTH = 200;
const CAPTION_HEIGHT = 54;

/** How images are laid out on a width: boxes of 3:2 with two lines below, or rows. Known before anything is drawn, so nothing moves. */
export function layoutOf(look: Chosen['look'], width: number): GridLayout {
  const isNarrow = width < 600;
  const padding = isNarrow ? 16 : 32;
  if (look === 'list') return { columns: 1, rowHeight: isNarrow ? 64 : 56, gap: 2, padding };
  const gap = isNarrow ? 12 : 20;
  const inner = Math.max(width - 2 * padding, 1);
  const columns = Math.max(isNarrow ? 2 : 1, Math.floor((inner + gap) / (TILE_WIDTH + gap)));
  const tile = (inner - gap * (columns - 1)) / columns;
  return { columns, rowHeight: Math.round((tile * 2) / 3 + CAPTION_HEIGHT), gap, padding };
}
