import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { InspectedEntry } from '../../../../plugin/inspectorProtocol.ts';
import { useElementWidth } from '../../parts/useElementWidth.ts';
import { useVisibleRows } from '../../parts/useVisibleRows.ts';
import type { Chosen } from './entriesQuery.ts';
import { layoutOf } from './gridLayout.ts';
import { moveInGrid } from './moveInGrid.ts';
import { Tile } from './Tile.tsx';
import type { Entries } from './useEntries.ts';

/** In pixels: room for the ring around an image that has the focus, and below the last one. */
const PADDING_TOP = 6;
const PADDING_BOTTOM = 40;

interface GridProps {
  entries: Entries;
  look: Chosen['look'];
  now: number;
  selected: ReadonlySet<string>;
  openUrl: string | undefined;
  onOpen(entry: InspectedEntry): void;
  onSelect(entry: InspectedEntry): void;
  /** A key that does something to the image that has the focus. */
  onAction(key: 'p' | 'r' | 'Delete', entry: InspectedEntry): void;
}

/**
 * The images as a grid, of which only the rows on the screen are in the page. One image can be reached by Tab, and the arrows move from
 * there. A key does its thing once, however long it is held.
 */
export function ImageGrid({ entries, look, now, selected, openUrl, onOpen, onSelect, onAction }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const width = useElementWidth(scroller);
  const { columns, rowHeight, gap, padding } = layoutOf(look, width);
  const count = entries.first?.reachable ?? 0;
  const rowCount = Math.ceil(count / columns);
  const [active, setActive] = useState(0);
  /** The image that is to have the focus once it is in the page. */
  const focusNext = useRef<number>(undefined);

  const pitch = rowHeight + gap;
  const rows = useVisibleRows(scroller, { count: rowCount, rowHeight: pitch, paddingTop: PADDING_TOP });
  const from = rows.from * columns;
  const to = rows.to * columns - 1;
  const { need } = entries;
  useEffect(() => need(from, to), [need, from, to]);

  useEffect(() => {
    const index = focusNext.current;
    const cell = index === undefined ? null : scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    if (!cell) return;
    focusNext.current = undefined;
    cell.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent, index: number): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const visibleRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / pitch));
    const next = moveInGrid(index, event.key, { columns, count, rows: visibleRows });
    if (next !== undefined) {
      event.preventDefault();
      setActive(next);
      focusNext.current = next;
      rows.reveal(Math.floor(next / columns));
      return;
    }
    const entry = entries.at(index);
    if (entry === undefined || event.repeat) return;
    if (event.key === 'Enter') onOpen(entry);
    else if (event.key === ' ') onSelect(entry);
    else if (event.key === 'p' || event.key === 'r' || event.key === 'Delete') onAction(event.key, entry);
    else return;
    event.preventDefault();
  }

  const shownActive = Math.min(active, Math.max(count - 1, 0));
  // Tab needs an image that is in the page.
  const tabStop = shownActive >= from && shownActive <= to ? shownActive : from;
  return (
    <div ref={scroller} className={`grid-scroll look-${look}`}>
      <div
        role="grid"
        aria-label="Images"
        aria-rowcount={rowCount}
        aria-colcount={columns}
        aria-multiselectable="true"
        style={{ height: PADDING_TOP + rowCount * pitch + PADDING_BOTTOM, position: 'relative' }}
      >
        {Array.from({ length: rows.to - rows.from }, (_, at) => rows.from + at).map((row) => (
          <div
            key={row}
            // A table cannot leave out rows, or be laid out in boxes.
            // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
            role="row"
            aria-rowindex={row + 1}
            className="grid-row"
            style={{
              height: rowHeight,
              transform: `translateY(${PADDING_TOP + row * pitch}px)`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
              columnGap: gap,
              paddingInline: padding,
            }}
          >
            {Array.from({ length: Math.min(columns, count - row * columns) }, (_, column) => {
              const index = row * columns + column;
              const entry = entries.at(index);
              const isSelected = entry !== undefined && selected.has(entry.s3_url);
              return (
                <div
                  key={index}
                  // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- as above
                  role="gridcell"
                  data-index={index}
                  aria-colindex={column + 1}
                  aria-selected={isSelected}
                  aria-current={entry !== undefined && entry.s3_url === openUrl}
                  aria-busy={entry === undefined}
                  tabIndex={index === tabStop ? 0 : -1}
                  className="tile"
                  onFocus={() => setActive(index)}
                  onClick={(event) => {
                    if (entry === undefined) return;
                    if (event.ctrlKey || event.metaKey || event.shiftKey) onSelect(entry);
                    else onOpen(entry);
                  }}
                  onKeyDown={(event) => onKeyDown(event, index)}
                >
                  <Tile entry={entry} isSelected={isSelected} look={look} now={now} />
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
