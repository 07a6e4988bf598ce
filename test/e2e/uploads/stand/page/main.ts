import {
  createImageUploads,
  type ImageUploads,
  presignedTransport,
  serverTransport,
  type SignedRequest,
  type Upload,
  UploadError,
  type UploadTransport,
} from 'vite-plugin-image-cache/uploads';
import { breakParts } from './breakParts.ts';
import { openNotes, type StandNotes } from './notes.ts';
import { saveTimed, type SaveTimes } from './saveTimed.ts';

/** An upload as a test reads it. */
export type Row = Pick<
  Upload,
  | 'jobId'
  | 'imageId'
  | 'ref'
  | 'filename'
  | 'size'
  | 'status'
  | 'places'
  | 'attempts'
  | 'nextAttemptAt'
  | 'error'
  | 'warning'
  | 'link'
>;

/** What the page lets its test do. */
interface Stand {
  uploads: ImageUploads;
  /** With `notes` in the query: what is stored is linked in the text of its note, once the note has a server id. */
  notes: StandNotes;
  /** Saves pictures one after the other, and says `saved <name>` on the console as soon as each is safe, as the page of an app would. */
  save(pictures: readonly { name: string; base64: string }[]): Promise<void>;
  rows(): Row[];
  /** How long saving what was picked takes, and how long it would by the browser alone. */
  saveTimed(times: number): Promise<SaveTimes>;
}

declare global {
  interface Window {
    stand: Stand;
  }
}

/** The app's own backend: it writes to the bucket by itself. */
const ownTransport: UploadTransport = {
  async send({ key, sha256 }, body, { signal }) {
    const headers = { 'content-type': body.type, digest: sha256 };
    const response = await fetch(`/__own/${key}`, { method: 'PUT', headers, body, signal });
    if (response.ok) return { state: 'stored' };
    throw new UploadError({ code: 'OWN', message: `The backend answered ${response.status}.`, kind: 'transient' });
  },
};

const TRANSPORTS = {
  server: () => serverTransport(),
  presigned: () =>
    presignedTransport({
      async sign(request) {
        const response = await fetch('/__sign', { method: 'POST', body: JSON.stringify(request) });
        return (await response.json()) as SignedRequest; // the stand's own server
      },
    }),
  own: () => ownTransport,
};

const query = new URLSearchParams(location.search);
breakParts(query);

const transport = query.get('transport') ?? 'server';
const maxEdge = query.get('maxEdge');
const notes = openNotes(query.get('hook'), () => uploads);
const uploads = createImageUploads({
  transport: TRANSPORTS[transport as keyof typeof TRANSPORTS](), // the tests name no other
  retryDelays: [200, 200, 200, 200, 200],
  ...(query.has('notes') && { gate: 'after-entity', onStored: notes.onStored }),
  ...(maxEdge !== null && { prepare: { maxEdge: Number(maxEdge) } }),
});

window.stand = {
  uploads,
  notes,
  async save(pictures) {
    for (const { name, base64 } of pictures) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      await uploads.upload(new File([bytes], name));
      console.log(`saved ${name}`);
    }
  },
  rows: () =>
    uploads
      .list()
      .map(
        ({ jobId, imageId, ref, filename, size, status, places, attempts, nextAttemptAt, error, warning, link }) => ({
          jobId,
          imageId,
          ref,
          filename,
          size,
          status,
          places,
          attempts,
          nextAttemptAt,
          error,
          warning,
          link,
        }),
      ),
  saveTimed: (times) => saveTimed(uploads, times),
};
