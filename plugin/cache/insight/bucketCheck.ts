import { ImageCacheError } from '../../errors.ts';
import type { AskAnswer, ImagePlace } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { createRecentMap } from '../../recentMap.ts';
import { HeadOnly } from '../fetch/headOnly.ts';
import type { ImageRef, Source } from '../injected/source.ts';
import type { Limit } from '../queue/limit.ts';
import { standAside } from '../queue/standAside.ts';
import { withoutQuery } from '../reporting/reportFailure.ts';

type Asked = AskAnswer['objects'][number];

/** Answers that are remembered, to be shown with the image. */
const MAX_REMEMBERED = 1000;
/** How long a question stands aside for images that pages wait for, at most. */
const MAX_YIELD_MS = 1000;

export interface BucketCheckOptions<Ref extends ImageRef> {
  source: Source<Ref>;
  /** Limits how many questions are asked at a time. */
  limit: Limit;
  /** True while a page waits for an image. */
  isBusy: () => boolean;
}

/**
 * Asks the bucket whether it has an object. It asks as a download does, and stops at the head of the answer, because a presigned URL is
 * signed for GET alone, so that HEAD would be refused. With the ETag that is known, the answer for an unchanged object has no body.
 */
export class BucketCheck<Ref extends ImageRef> {
  readonly #options: BucketCheckOptions<Ref>;
  readonly #answers = createRecentMap<Asked>(MAX_REMEMBERED);

  constructor(options: BucketCheckOptions<Ref>) {
    this.#options = options;
  }

  /** @param entryOf returns what the cache has of an object */
  async ask(
    urls: readonly string[],
    entryOf: (key: string) => ManifestEntry | undefined,
    signal: AbortSignal,
  ): Promise<AskAnswer> {
    const { limit } = this.#options;
    return { objects: await Promise.all(urls.map((url) => limit(() => this.#askOne(url, entryOf, signal)))) };
  }

  /** What the bucket has said when it was asked last. */
  placeOf(key: string): ImagePlace {
    const answer = this.#answers.get(key);
    if (answer === undefined || answer.state === 'failed') {
      return { place: 'bucket', state: 'unknown', ...(answer?.detail !== undefined && { detail: answer.detail }) };
    }
    if (answer.state === 'absent') return { place: 'bucket', state: 'absent' };
    return {
      place: 'bucket',
      state: 'present',
      ...(answer.state === 'changed' && { detail: 'with other bytes than the cached ones' }),
    };
  }

  async #askOne(url: string, entryOf: (key: string) => ManifestEntry | undefined, signal: AbortSignal): Promise<Asked> {
    const { source, isBusy } = this.#options;
    let s3_url = withoutQuery(url);
    try {
      const ref = source.identify(url);
      s3_url = ref.key;
      await standAside(isBusy, MAX_YIELD_MS, signal);
      const answer: Asked = { s3_url, state: await this.#stateOf(ref, entryOf(ref.key)?.etag, signal) };
      this.#answers.set(s3_url, answer);
      return answer;
    } catch (error) {
      if (signal.aborted) throw new ImageCacheError('ABORTED', 'The question was aborted.');
      const { code, message, hint } = ImageCacheError.from(error);
      const answer: Asked =
        code === 'UPSTREAM_NOT_FOUND'
          ? { s3_url, state: 'absent' }
          : { s3_url, state: 'failed', detail: hint === undefined ? message : `${message} ${hint}` };
      this.#answers.set(s3_url, answer);
      return answer;
    }
  }

  async #stateOf(ref: Ref, etag: string | undefined, signal: AbortSignal): Promise<'present' | 'changed'> {
    const known = etag === '' ? undefined : etag;
    const head = new HeadOnly();
    try {
      await this.#options.source.download(ref, head, signal, known);
    } catch (error) {
      if (head.etag === undefined) throw error;
    }
    const isChanged = known !== undefined && head.etag !== undefined && head.etag !== '' && head.etag !== known;
    return isChanged ? 'changed' : 'present';
  }
}
