import { useRef, useState } from 'react';
import type { ImportAnswer } from '../../../../plugin/protocol.ts';
import { formatBytes, plural } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { useAnnounce } from '../../parts/announcer.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Refusal } from '../../parts/Refusal.tsx';
import { Sentences } from '../../parts/Sentences.tsx';
import { useRefreshLive, useServer } from '../../server/serverContext.tsx';
import { useLongCall } from '../../server/useLongCall.ts';

const PACK_TYPE = 'application/x-tar';

/** Saves all images in a pack, and takes those of another one. */
export function Packs({ isEmpty, onDone }: { isEmpty: boolean; onDone: () => void }) {
  const server = useServer();
  const announce = useAnnounce();
  const refreshLive = useRefreshLive();
  /** The file that is being imported. */
  const [file, setFile] = useState<File>();
  const { result: answer, error, run } = useLongCall<ImportAnswer>();
  const picker = useRef<HTMLInputElement>(null);

  async function take(picked: File): Promise<void> {
    setFile(picked);
    await run(async (signal) => {
      const taken = await server.sendFile<ImportAnswer>('import', picked, PACK_TYPE, signal);
      announce(sentence(taken));
      return taken;
    });
    setFile(undefined);
    refreshLive();
    onDone(); // also after a refusal: what had been imported until then stays
  }

  return (
    <section className="stack">
      <div className="view-head">
        <div>
          <h2>Packs</h2>
          <p>{file ? `${printable(file.name, 60)} is being imported: ${formatBytes(file.size)}` : line(answer)}</p>
        </div>
        <div className="actions">
          {!isEmpty && (
            <a className="button" href={server.url('export', {})} download="images.tar">
              <Icon name="download" />
              Export all
            </a>
          )}
          <button
            type="button"
            className="button"
            disabled={file !== undefined}
            onClick={() => picker.current?.click()}
          >
            <Icon name="uploads" />
            Import a pack
          </button>
          <input
            ref={picker}
            type="file"
            accept={`.tar,${PACK_TYPE}`}
            hidden
            aria-label="Pack to import"
            onChange={({ target }) => {
              const [picked] = target.files ?? [];
              target.value = ''; // so that the same file can be picked again
              if (picked) void take(picked);
            }}
          />
        </div>
      </div>
      {error && <Refusal error={error} />}
      {answer && answer.problems.length > 0 && (
        <ul className="found">
          {distinct(answer.problems).map(([key, { path, code, detail, hint }]) => (
            <li key={key}>
              <code>{printable(path)}</code> <span className="muted">{code}</span>{' '}
              <span>
                <Sentences text={detail} maxLength={600} />
              </span>{' '}
              {hint !== undefined && (
                <span className="muted">
                  <Sentences text={hint} maxLength={600} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

type Problem = ImportAnswer['problems'][number];

/** What differs in nothing that is shown is shown once. */
function distinct(problems: readonly Problem[]): [key: string, Problem][] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.code} ${problem.detail}`, problem]))];
}

function line(answer: ImportAnswer | undefined): string {
  return answer === undefined
    ? 'A tar with images, for another machine, for CI or for tests. Importing removes nothing, and checks each image.'
    : sentence(answer);
}

function sentence({ imported, size_bytes, known, absent, refused }: ImportAnswer): string {
  const rest = [
    ...(known > 0 ? [`${known} cached before`] : []),
    ...(absent > 0 ? [`${absent} listed without a file`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return `${plural(imported, 'image')} imported, ${formatBytes(size_bytes)}${rest.length > 0 ? `; ${rest.join(', ')}` : ''}.`;
}
