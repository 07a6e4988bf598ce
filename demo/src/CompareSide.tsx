import type { SyntheticEvent } from 'react';
import { CachedImage } from 'vite-plugin-image-cache/react';
import type { Picture } from '../api.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';
import type { Measurement } from './measure.ts';
import type { Side } from './useComparison.ts';

const PICTURES = 25;

export interface CompareSideProps {
  side: Side;
  title: string;
  /** The element as a developer writes it. */
  tag: string;
  actorId: string;
  images: readonly Picture[] | undefined;
  result: Measurement | undefined;
  onSettle: (side: Side, outcome: 'loaded' | 'failed') => void;
}

/** One half of the comparison: its numbers and its pictures. */
export function CompareSide({ side, title, tag, actorId, images, result, onSettle }: CompareSideProps) {
  const { value, unit } = formatDuration(result?.ms ?? 0);
  const isIdle = result === undefined;
  return (
    <section className="side" aria-label={title} data-side={side}>
      <h2>
        {title} <code>{tag}</code>
      </h2>
      <p className="figure" data-testid={`compare-${side}-ms`} data-ms={result?.ms} data-idle={isIdle}>
        {isIdle ? '–' : value}
        <small>{isIdle ? '' : unit}</small>
      </p>
      <dl>
        <div>
          <dt>From S3</dt>
          <dd data-testid={`compare-${side}-bytes`}>{result?.s3 === undefined ? '–' : formatBytes(result.s3.bytes)}</dd>
        </div>
        <div>
          <dt>Requests to S3</dt>
          <dd data-testid={`compare-${side}-requests`}>
            {result?.s3 === undefined ? '–' : formatCount(result.s3.requests)}
          </dd>
        </div>
        <div>
          <dt>Pictures</dt>
          <dd>
            {result?.loaded ?? 0} of {PICTURES}
            {result !== undefined && result.failed > 0 && `, ${result.failed} failed`}
          </dd>
        </div>
      </dl>
      <ul className="tiles">
        {Array.from({ length: PICTURES }, (_, index) => (
          <li key={index}>
            <Tile side={side} actorId={actorId} picture={images?.[index]} onSettle={onSettle} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface TileProps {
  side: Side;
  actorId: string;
  picture: Picture | undefined;
  onSettle: (side: Side, outcome: 'loaded' | 'failed') => void;
}

function Tile({ side, actorId, picture, onSettle }: TileProps) {
  if (picture === undefined) return null;
  // A picture is visible only when it is decoded, so the time is measured until then.
  const onLoad = ({ currentTarget }: SyntheticEvent<HTMLImageElement>) => {
    currentTarget.decode().then(
      () => onSettle(side, 'loaded'),
      () => onSettle(side, 'failed'),
    );
  };
  const shared = {
    width: picture.width,
    height: picture.height,
    onLoad,
    onError: () => onSettle(side, 'failed'),
  };
  if (side === 'with') return <CachedImage s3_url={picture.s3_url} actor_id={actorId} alt="" {...shared} />;
  return <img {...shared} alt="" src={picture.s3_url} />;
}
