import type { Upload, UploadPlace } from 'vite-plugin-image-cache/uploads';

const PLACES: readonly { place: UploadPlace; name: string }[] = [
  { place: 'browser', name: 'Browser' },
  { place: 'server', name: 'Server' },
  { place: 'bucket', name: 'Bucket' },
];

/** Where the bytes of a picture are, of the three places that they go through. */
export function Journey({ upload: { places, progress, status } }: { upload: Upload }) {
  const share = progress === null ? undefined : Math.round((100 * progress.loaded) / Math.max(progress.total, 1));
  const where = PLACES.filter(({ place }) => places.includes(place)).map(({ name }) => name.toLowerCase());
  return (
    <div className="journey">
      <span className="hidden">Bytes in: {where.join(', ') || 'nowhere yet'}.</span>
      <ol aria-hidden="true">
        {PLACES.map(({ place, name }) => (
          <li key={place} data-here={places.includes(place)}>
            {name}
          </li>
        ))}
      </ol>
      {status === 'uploading' && share !== undefined && (
        <progress max={100} value={share} aria-label="Sent to the server">
          {share} %
        </progress>
      )}
    </div>
  );
}
