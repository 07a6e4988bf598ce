import { formatFileSize } from '../format.ts';
import type { BucketPicture } from './useBucket.ts';

export interface BucketPanelProps {
  /** `undefined` before the bucket has answered for the first time. */
  pictures: readonly BucketPicture[] | 'away' | undefined;
}

/** What the bucket has of the pictures, as its own listing says. */
export function BucketPanel({ pictures }: BucketPanelProps) {
  return (
    <aside className="bucket" aria-label="The bucket" data-testid="bucket">
      <h2>The bucket</h2>
      <output data-testid="bucket-line">{summary(pictures)}</output>
      {/* oxlint-disable-next-line jsx-a11y/no-redundant-roles -- Safari takes the role from a list without markers */}
      <ul role="list">
        {pictures !== 'away' &&
          pictures?.map(({ name, size, uses, isDropped }) => (
            <li key={name} data-testid="object">
              <code>{name}</code>
              <small>
                {size === undefined ? 'not there yet' : formatFileSize(size)}
                {` · ${usesOf(uses)}`}
                {isDropped && ' · about to be deleted'}
              </small>
            </li>
          ))}
      </ul>
      <p className="fine-print">
        A picture that no note uses any more is deleted at once in this demo. By default that takes seven days, in which
        a new use keeps it.
      </p>
    </aside>
  );
}

function summary(pictures: readonly BucketPicture[] | 'away' | undefined): string {
  if (pictures === undefined) return 'Looking…';
  if (pictures === 'away') return 'It does not answer at the moment.';
  const count = pictures.filter(({ size }) => size !== undefined).length;
  if (count === 0) return 'It has no picture yet.';
  return count === 1 ? 'It has 1 picture.' : `It has ${count} pictures.`;
}

function usesOf(uses: number): string {
  if (uses === 0) return 'nothing uses it';
  return uses === 1 ? 'used once' : `used ${uses} times`;
}
