import path from 'node:path';
import { normalizePath, type Connect } from 'vite';
import { decode, mayContain, urlDecodings } from './urlDecodings.ts';

export interface Served {
  /** The root of the project, or of the build in a preview. */
  root: string;
  /** The public directory; empty if there is none, as in Vite's config. */
  publicDir: string;
  base: string;
  /** Paths below Vite's base where URLs are never files, because the API or the inspector answers all of them. */
  ownPaths?: readonly string[] | undefined;
}

/** The path of a directory as the names of its parts. */
type Segments = readonly string[];

/** A directory that Vite may resolve a path from, and the number of its segments that a `..` in the path cannot remove. */
interface Place {
  at: Segments;
  top: number;
}

/** Places for the path of a URL, for the name of a module, and for a URL together with its query. */
type Places = Record<'path' | 'module' | 'whole', readonly Place[]>;

/** Prefixes that Vite removes from the name of a file. In the rest, `?` is an ordinary letter until each `..` is resolved. */
const PREFIXES = /^(?:\/*@(?:fs|id)\/|\/*__x00__|\0|file:)+/i;
const FS_PREFIX = '/@fs/';

/**
 * Creates a middleware that refuses every URL for which Vite might read a file of the directory. Vite cuts, decodes and normalizes
 * a URL in several places, and each does it differently. So a URL is refused if any reading of it leads into the directory, even if
 * only on the way to another place.
 */
export function denyMiddleware(directory: string, served: Served): Connect.NextHandleFunction {
  const target = segmentsOf(directory);
  const places = placesOf(served);
  const name = nameToLookFor(target, places);
  const bases = urlDecodings(served.base);
  const own = (served.ownPaths ?? []).map((path) => `${served.base.replace(/\/$/, '')}${path}/`);

  function isDenied(url: string): boolean {
    for (const text of withAndWithoutBase(url, bases)) {
      for (const [file, from] of filesNamedBy(text)) if (leadsInto(target, places[from], file)) return true;
    }
    return false;
  }

  return function imageCacheDenyMiddleware(request, response, next) {
    const url = request.url ?? '/';
    if (own.some((path) => url.startsWith(path))) return next();
    // This runs for every module of the app. Only URLs that contain the name of the directory need the slow check.
    if (!mayContain(url, name) || !isDenied(url)) return next();
    response.statusCode = 403;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.setHeader('Cache-Control', 'no-store');
    response.end('The image cache is not served as files; use its API instead.\n');
  };
}

function placesOf({ root, publicDir }: Served): Places {
  const top = segmentsOf(root);
  // Vite also tries a path as an absolute one, even without `/@fs/`. On Windows it may have no drive.
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
    // Plugins may use the whole URL as an absolute path, as Vite's own do for `?html-proxy` and `?url`. No plugin uses it as a path
    // from the root, so the query of a page (`?next=/.image-cache`) is not refused.
    whole: [...absolute, ...publicPlaces].map(before),
  };
}

/** The name that every URL of a file in the directory contains; empty if there is none, e.g. if the root is in the directory. */
function nameToLookFor(target: Segments, places: Places): string {
  const name = target.at(-1) ?? '';
  // A name with a `%` may change when a URL is decoded.
  return name.includes('%') || leadsInto(target, places.path, '') ? '' : name;
}

/** Vite compares the encoded base. In middleware mode, the server around it may have decoded or removed the base already. */
function withAndWithoutBase(url: string, bases: readonly string[]): string[] {
  return [url, ...bases.filter((base) => url.startsWith(base)).map((base) => url.slice(base.length - 1))];
}

/** Every text that Vite may use as the name of a file, and the places that it may start from. */
function* filesNamedBy(url: string): Generator<[file: string, from: keyof Places]> {
  const pathname = url.replace(/[?#].*/s, '');
  for (const text of urlDecodings(pathname)) yield [text, 'path'];
  for (const text of urlDecodings(url)) {
    const [prefix] = PREFIXES.exec(text) ?? [];
    if (prefix === undefined) yield [text, 'whole'];
    else for (const file of behindPrefix(prefix, text.slice(prefix.length))) yield [file, from(prefix)];
  }
  if (!url.startsWith(FS_PREFIX)) return;
  // Vite also removes this many letters from the path after a URL parser has changed it, so the prefix may be another one by then.
  const parsed = decode(parse(pathname)?.pathname ?? '', decodeURI);
  for (const text of urlDecodings(parsed.slice(FS_PREFIX.length))) yield [text, 'path'];
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

/** Whether the path enters the directory at any point: Vite may cut the path off there. */
function leadsInto(target: Segments, places: readonly Place[], file: string): boolean {
  const name = target.at(-1);
  const steps = file.toLowerCase().split('/');
  return places.some(({ at, top }) => {
    const here = [...at];
    const isInside = () => target.every((name, depth) => name === here[depth]);
    if (isInside()) return true;
    return steps.some((step) => {
      if (step === '..') here.length = Math.max(here.length - 1, top);
      else if (step !== '' && step !== '.') here.push(step);
      return step === name && isInside();
    });
  });
}

/** The segments in lower case, because the file system may ignore case. */
function segmentsOf(directory: string): string[] {
  return normalizePath(directory)
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '');
}
