import type { Priority } from '../../plugin/protocol.ts';

/** First in, first out, one line a priority. */
export interface PriorityQueue<T> {
  readonly size: number;
  push(priority: Priority, item: T): void;
  /** Ahead of its line: for what was taken out and could not be finished. */
  unshift(priority: Priority, item: T): void;
  /** Takes the next item of one priority. */
  shift(priority: Priority): T | undefined;
  remove(item: T): void;
}

export function createPriorityQueue<T>(): PriorityQueue<T> {
  const lines: Record<Priority, T[]> = { high: [], normal: [] };
  return {
    get size() {
      return lines.high.length + lines.normal.length;
    },
    push(priority, item) {
      lines[priority].push(item);
    },
    unshift(priority, item) {
      lines[priority].unshift(item);
    },
    shift: (priority) => lines[priority].shift(),
    remove(item) {
      for (const line of Object.values(lines)) {
        const index = line.indexOf(item);
        if (index !== -1) line.splice(index, 1);
      }
    },
  };
}
