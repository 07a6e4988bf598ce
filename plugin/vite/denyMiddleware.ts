import path from 'node:path';
import { normalizePath, type Connect } from 'vite';
import { decode, mayContain, readings } from './readings.ts';

export interface Served {
  /** The root of the project, or of the build in a preview. */
  root: string;
  /** Empty if there is none, as in Vite's config. */
  publicDir: string;
  base: string;
  /** Below Vite's own base, where a middleware answers everything: what a URL names there is its own affair. */
  apiBase?: string | undefined;
}

/** The names of the directories down to a place. */
type Segments = readonly string[];

/** A place from which Vite may follow a path, and how few segments a `..` in the path may leave of it. */
interface Place {
  at: Segments;
  top: number;
}

/** Places for the path of a URL, for the name of a module, and for a URL together with its query. */
type Places = Record<'path' | 'module' | 'whole', readonly Place[]>;

/** What Vite cuts off in front of the name of a file. To the rest, `?` is a letter until each `..` is resolved. */
const PREFIXES = /^(?:\/*@(?:fs|id)\/|\/*__x00__|\0|file:)+/i;
const FS_PREFIX = '/@fs/';

/**
 * Refuses every URL by which Vite may come to read a file of the directory. Vite cuts, decodes and normalizes a URL in
 * several places, and no two of them agree; so a URL is refused if any reading of it leads into the directory, be it
 * only on the way to somewhere else.
 */
export function denyMiddleware(directory: string, served: Served): Connect.NextHandleFunction {
  const target = segmentsOf(directory);
  const places = placesOf(served);
  const name = nameToLookFor(target, places);
  const bases = readings(served.base);
  const api = served.apiBase === undefined ? undefined : `${served.base.replace(/\/$/, '')}${served.apiBase}/`;

  function isDenied(url: string): boolean {
    for (const text of withAndWithoutBase(url, bases)) {
      for (const [file, from] of filesNamedBy(text)) if (leadsInto(target, places[from], file)) return true;
    }
    return false;
  }

  return function imageCacheDenyMiddleware(request, response, next) {
    const url = request.url ?? '/';
    if (api !== undefined && url.startsWith(api)) return next();
    // Every module of the app passes here; all but those that name the directory are spared the walks.
    if (!mayContain(url, name) || !isDenied(url)) return next();
    response.statusCode = 403;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.setHeader('Cache-Control', 'no-store');
    response.end('The image cache is not served as files; ask its API instead.\n');
  };
}

function placesOf({ root, publicDir }: Served): Places {
  const top = segmentsOf(root);
  // Vite takes a path for an absolute one too, even without `/@fs/`. On Windows it may lack its drive.
  const absolute = [[], segmentsOf(path.parse(root).root)];
  const publicPlaces = publicDir === '' ? [] : [segmentsOf(publicDir)];
  const packages = Array.from({ length: top.length + 1 }, (_, depth) => [...top.slice(0, depth), 'node_modules']);
  const served = [...absolute, ...publicPlaces, top];
  // Each `..` may be resolved before the path is added to the place, or after.
  const before = (at: Segments): Place => ({ at, top: at.length });
  const beforeAndAfter = (at: Segments): Place[] => [before(at), { at, top: 0 }];
  return {
    path: served.flatMap(beforeAndAfter),
    module: [...served, ...packages, segmentsOf(process.cwd())].flatMap(beforeAndAfter),
    // Plugins may take the whole URL for an absolute path, as Vite's own do at `?html-proxy` and `?url`. None takes
    // it for a path from the root, so what a page is asked for (`?next=/.image-cache`) stays its own affair.
    whole: [...absolute, ...publicPlaces].map(before),
  };
}

/** Who asks for a file in the directory has to name it, unless what is served lies in there. */
function nameToLookFor(target: Segments, places: Places): string {
  const name = target.at(-1) ?? '';
  // What looks like an escape would get lost in decoding.
  return name.includes('%') || leadsInto(target, places.path, '') ? '' : name;
}

/** Vite compares the base as it is encoded. In middleware mode a parent may have decoded it, or stripped it already. */
function withAndWithoutBase(url: string, bases: readonly string[]): string[] {
  return [url, ...bases.filter((base) => url.startsWith(base)).map((base) => url.slice(base.length - 1))];
}

/** Every text that may come to name a file, and from where. */
function* filesNamedBy(url: string): Generator<[file: string, from: keyof Places]> {
  const pathname = url.replace(/[?#].*/s, '');
  for (const text of readings(pathname)) yield [text, 'path'];
  for (const text of readings(url)) {
    const [prefix] = PREFIXES.exec(text) ?? [];
    if (prefix === undefined) yield [text, 'whole'];
    else for (const file of behindPrefix(prefix, text.slice(prefix.length))) yield [file, from(prefix)];
  }
  if (!url.startsWith(FS_PREFIX)) return;
  // Vite cuts as many letters off what a URL parser makes of the path, whatever is left of the prefix by then.
  const parsed = decode(parse(pathname)?.pathname ?? '', decodeURI);
  for (const text of readings(parsed.slice(FS_PREFIX.length))) yield [text, 'path'];
}

function from(prefix: string): keyof Places {
  return /^\/*@fs\//i.test(prefix) ? 'path' : 'module';
}

function behindPrefix(prefix: string, rest: string): string[] {
  const url = prefix.toLowerCase().endsWith('file:') ? parse(`file:${rest}`) : undefined;
  if (url === undefined) return [rest];
  // Vite decodes the path once more, puts the query back, and only then normalizes.
  const file = decode(url.pathname, decodeURIComponent) + url.search + url.hash;
  return [rest, file];
}

function parse(url: string): URL | undefined {
  const base = 'http://localhost';
  return URL.canParse(url, base) ? new URL(url, base) : undefined;
}

/** Whether someone who follows the path is in the directory at any time: Vite may cut the path off there. */
function leadsInto(target: Segments, places: readonly Place[], file: string): boolean {
  const door = target.at(-1);
  const steps = file.toLowerCase().split('/');
  return places.some(({ at, top }) => {
    const here = [...at];
    const isInside = () => target.every((name, depth) => name === here[depth]);
    if (isInside()) return true;
    return steps.some((step) => {
      if (step === '..') here.length = Math.max(here.length - 1, top);
      else if (step !== '' && step !== '.') here.push(step);
      return step === door && isInside();
    });
  });
}

/** In lower case: the file system may not tell it from upper case. */
function segmentsOf(directory: string): string[] {
  return normalizePath(directory)
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '');
}
