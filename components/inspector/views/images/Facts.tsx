import type { ReactNode } from 'react';
import type { EntryAnswer } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { Ago } from '../../parts/Ago.tsx';

function validated(at: number | undefined, now: number): ReactNode {
  if (at === undefined) return 'not since';
  return at === 0 ? 'never: it is from a pack' : <Ago at={at} now={now} />;
}

/** What an image is. */
export function Facts({ entry, now }: { entry: NonNullable<EntryAnswer['entry']>; now: number }) {
  const { width, height, original_size_bytes, validated_at, meta, actor_ids } = entry;
  const facts: [name: string, value: ReactNode][] = [
    ['URL', <bdi key="url">{printable(entry.s3_url, 1000)}</bdi>],
    ['Type', entry.content_type],
    ['Pixels', width === undefined || height === undefined ? 'unknown' : `${width} × ${height}`],
    ['Size', formatBytes(entry.size_bytes)],
    ...(original_size_bytes === undefined ? [] : [['In S3', formatBytes(original_size_bytes)] as [string, string]]),
    [
      'Actors',
      (actor_ids ?? [entry.actor_id]).map((actor) => (
        <bdi key={actor} className="chip">
          {printable(actor, 60)}
        </bdi>
      )),
    ],
    ['Stored', <Ago key="stored" at={entry.cached_at} now={now} />],
    ['Validated', validated(validated_at, now)],
    ['Used', <Ago key="used" at={entry.last_used_at} now={now} />],
    ['ETag', <code key="etag">{entry.etag === '' ? 'none' : printable(entry.etag, 120)}</code>],
    ['SHA-256', <code key="sha">{entry.sha256}</code>],
    ['File', <code key="file">{printable(entry.local_path, 300)}</code>],
    ...(meta === undefined
      ? []
      : [['Meta', <code key="meta">{printable(JSON.stringify(meta), 2100)}</code>] as [string, ReactNode]]),
  ];
  return (
    <section>
      <h3>Facts</h3>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
