/** One image candidate: its URL, then its descriptor and comma. */
const CANDIDATE = /(\S*[^\s,])((?:\s[^,]*)?)/g;

/**
 * Replaces the URL of each candidate. As in HTML's "parse a srcset attribute", a comma ends a candidate only after
 * white space or at the end of the URL, because URLs may contain commas.
 */
export function mapSrcSet(srcSet: string, map: (url: string) => string): string {
  return srcSet.replace(CANDIDATE, (_candidate, url: string, rest: string) => map(url) + rest);
}

/** The URLs of all candidates. */
export function srcSetUrls(srcSet = ''): string[] {
  return [...srcSet.matchAll(CANDIDATE)].flatMap(([, url]) => url ?? []);
}
