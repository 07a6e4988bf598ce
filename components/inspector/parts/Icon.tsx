/** Drawn on a square of 24 units. */
const PATHS = {
  images:
    'M6 4h12a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3Zm2.5 4a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3ZM4 18l5.5-5.5 4 3.5 3-2.5 4 4',
  activity: 'M3 12h4l3-8 4 16 3-8h4',
  queue: 'M4 6h16M4 12h10M4 18h6M17 14v6m0 0 3-3m-3 3-3-3',
  problems: 'M12 4 2.5 20h19L12 4Zm0 6v4.5m0 2.5v.1',
  storage:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3v12c0 1.7-3.6 3-8 3s-8-1.3-8-3V6Zm0 0c0 1.7 3.6 3 8 3s8-1.3 8-3M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  trends: 'M3 20h18M5 16l5-6 4 3 6-8',
  doctor: 'M6 3v5a4 4 0 0 0 8 0V3M10 12v3a5 5 0 0 0 10 0v-1m0-4a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
  simulate: 'M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M7.5 15h9',
  uploads: 'M12 16V4m0 0L7 9m5-5 5 5M4 16v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2',
  close: 'M6 6l12 12M18 6 6 18',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM20 20l-4.8-4.8',
  pin: 'M9 3h6l-1 6 3 3v2H7v-2l3-3-1-6Zm3 11v7',
  refresh: 'M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7',
  trash: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10 11v5m4-5v5',
  copy: 'M9 9h11v11H9zM15 5V4H4v11h1',
  grid: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z',
  list: 'M4 6h16M4 12h16M4 18h16',
  check: 'M5 13l4 4L19 7',
  warn: 'M12 5v9m0 4v.1',
  minus: 'M6 12h12',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2m0 16v2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4M2 12h2m16 0h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z',
  system: 'M4 5h16v11H4zM9 20h6m-3-4v4',
  help: 'M9 9.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4m0 3v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
  download: 'M12 4v11m0 0 5-5m-5 5-5-5M4 19h16',
  play: 'M7 5v14l12-7z',
  pause: 'M8 5v14M16 5v14',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a text that says the same; screen readers pass over it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
