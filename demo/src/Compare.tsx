import type { NetworkState } from '../api.ts';
import { CompareSide } from './CompareSide.tsx';
import { Notice } from './Notice.tsx';
import { useComparison } from './useComparison.ts';

export interface CompareProps {
  id: string;
  name: string | undefined;
  network: NetworkState | undefined;
}

const LABELS = {
  ready: 'Load both',
  warming: 'Filling the cache…',
  without: 'Loading without…',
  with: 'Loading with…',
  done: 'Again',
} as const;

/** Loads the same 25 pictures as a plain page does, and as a page with the cache does. */
export function Compare({ id, name = '', network }: CompareProps) {
  const { step, error, images, results, run, settle } = useComparison(id);
  const factor =
    step === 'done' && results.with !== undefined && results.without !== undefined
      ? Math.round(results.without.ms / results.with.ms)
      : undefined;
  const isOffline = network?.offline === true;

  return (
    <article className="compare">
      <title>{`${name}, with and without · vite-plugin-image-cache`}</title>
      <header className="page-head">
        <nav aria-label="Breadcrumb">
          <a href="#/">All actors</a>
          <a href={`#/actor/${id}`}>{name}</a>
        </nav>
        <h1>The second visit, without and with</h1>
        <p className="facts">
          <span>
            25 pictures at presigned URLs that are new on every visit
            {network === undefined ? '' : `, S3 answers after ${network.latencyMs / 1_000} s`}.
          </span>
          <button
            className="primary"
            type="button"
            onClick={run}
            disabled={isOffline || (step !== 'ready' && step !== 'done')}
            data-testid="compare-run"
          >
            {LABELS[step]}
          </button>
          <strong className="factor" aria-live="polite" data-testid="compare-factor">
            {factor !== undefined && factor > 1 && `${factor} times faster`}
          </strong>
        </p>
      </header>
      {error !== undefined && <Notice title="The comparison stopped">{error.message}.</Notice>}
      <div className="sides">
        <CompareSide
          side="without"
          title="Without"
          tag="<img src={url} />"
          actorId={id}
          images={images.without}
          result={results.without}
          onSettle={settle}
        />
        <CompareSide
          side="with"
          title="With"
          tag="<CachedImage s3_url={url} />"
          actorId={id}
          images={images.with}
          result={results.with}
          onSettle={settle}
        />
      </div>
    </article>
  );
}
