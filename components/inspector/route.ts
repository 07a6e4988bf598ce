/** The views, in the order of the navigation. */
export const VIEWS = [
  'images',
  'activity',
  'queue',
  'problems',
  'storage',
  'trends',
  'doctor',
  'simulate',
  'uploads',
] as const;
export type ViewName = (typeof VIEWS)[number];

/** What the page shows: a view, and what is chosen in it. Everything of it is in the address, so that it can be sent to somebody. */
export interface Route {
  readonly view: ViewName;
  readonly query: Readonly<Record<string, string>>;
}

/** What each view gets. */
export interface ViewProps {
  query: Route['query'];
}

/** @param hash as in `location.hash` */
export function parseRoute(hash: string): Route {
  const [name = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const view = VIEWS.find((each) => each === name) ?? 'images';
  return { view, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** The address of a route, for a link. Parameters that are empty are left out. */
export function formatRoute(view: ViewName, query: Readonly<Record<string, string | undefined>> = {}): string {
  const known = Object.entries(query).filter((pair): pair is [string, string] => (pair[1] ?? '') !== '');
  const search = new URLSearchParams(known).toString();
  return `#/${view}${search === '' ? '' : `?${search}`}`;
}
