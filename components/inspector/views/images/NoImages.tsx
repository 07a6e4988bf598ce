import { plural } from '../../format/amounts.ts';
import { CopyButton } from '../../parts/CopyButton.tsx';
import { Empty } from '../../parts/Empty.tsx';
import { formatRoute } from '../../route.ts';
import type { Chosen } from './entriesQuery.ts';

const SNIPPET = `import { CachedImage } from 'vite-plugin-image-cache/react';

<CachedImage s3_url={photo.url} alt={photo.title} />`;

/** The cache is empty, and this is how it fills. */
export function NoImages({ requests, downloads }: { requests: number; downloads: number }) {
  const hasFailed = requests > 0 && downloads === 0;
  return (
    <Empty icon="images" title="No image is cached yet">
      <p>Show one in your app, and it appears here:</p>
      <pre className="snippet">{SNIPPET}</pre>
      <CopyButton text={SNIPPET} label="Copy" of="Snippet" />
      <p>
        {plural(requests, 'request')} since the server was started.{' '}
        {requests === 0 && 'Does the page use a plain <img>, or no page show an image? '}
        {requests === 0 && <a href={formatRoute('doctor')}>Run the doctor</a>}
        {hasFailed && (
          <>
            None has brought an image. <a href={formatRoute('problems')}>See the problems</a>
          </>
        )}
      </p>
    </Empty>
  );
}

/** Nothing fits the filter. */
export function NoMatch({ chosen }: { chosen: Chosen }) {
  return (
    <Empty icon="search" title="Nothing fits">
      <p>
        <a href={formatRoute('images', { look: chosen.look === 'list' ? 'list' : '' })}>Show all images</a>
      </p>
    </Empty>
  );
}
