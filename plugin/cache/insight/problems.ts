import type { ImageCacheError } from '../../errors.ts';
import type { Activity, ImageFailure, ProblemGroup } from '../../inspectorProtocol.ts';
import { createRecentMap } from '../../recentMap.ts';

const MAX_GROUPS = 100;
/** Causes of one code: URLs of a hundred servers that are not listed must not push all else out. */
const MAX_OF_CODE = 20;
/** Images that a group names. */
const MAX_IMAGES = 20;

/** Failures, grouped by their cause. The group that was added to last comes first; the oldest groups are forgotten. */
export class Problems {
  readonly #groups = createRecentMap<ProblemGroup>(MAX_GROUPS);

  get count(): number {
    return this.#groups.size;
  }

  note(s3Url: string, { code, message: cause, hint, fix }: ImageCacheError, at: number): void {
    const key = keyOf(code, cause);
    const known = this.#groups.get(key);
    if (known === undefined) this.#makeRoom(code);
    this.#groups.set(key, {
      code,
      cause,
      ...(hint !== undefined && { hint }),
      ...(fix !== undefined && { fix }),
      count: (known?.count ?? 0) + 1,
      first_at: known?.first_at ?? at,
      last_at: at,
      s3_urls: [s3Url, ...(known?.s3_urls ?? []).filter((url) => url !== s3Url)].slice(0, MAX_IMAGES),
    });
  }

  /** What was wrong when an answer was a failure; `undefined` if it was none. */
  behind({ at, code, detail, hint }: Activity): ImageFailure | undefined {
    if (code === undefined || detail === undefined) return undefined;
    const fix = this.#groups.peek(keyOf(code, detail))?.fix;
    return { at, code, cause: detail, ...(hint !== undefined && { hint }), ...(fix !== undefined && { fix }) };
  }

  list(): ProblemGroup[] {
    return [...this.#groups.values()];
  }

  #makeRoom(code: ProblemGroup['code']): void {
    const same = [...this.#groups.entries()].filter(([, group]) => group.code === code);
    const oldest = same.at(-1)?.[0];
    if (same.length >= MAX_OF_CODE && oldest !== undefined) this.#groups.delete(oldest);
  }
}

/** Bytes and times differ from image to image, and are no causes of their own. */
function keyOf(code: string, cause: string): string {
  return `${code} ${cause.replaceAll(/\d+/g, '#')}`;
}
