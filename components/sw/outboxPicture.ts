import { resultOf } from '../client/offline/openOfflineDatabase.ts';

/** What the names of the outboxes begin with: see `components/uploads/names.ts`. */
const PREFIX = 'image-cache-uploads:';

/** What is read of a job: see `components/uploads/queue/storedJob.ts`. */
interface Job {
  readonly jobId: string;
  readonly type: string;
  readonly size: number;
  readonly heldBytes?: number;
  readonly body?: { readonly imageId: string };
}

/** The picture of an upload that this browser still has, whatever project it belongs to; `undefined` if there is none. Leaves nothing behind. */
export async function outboxPicture(imageId: string): Promise<Blob | undefined> {
  const databases = await indexedDB.databases();
  for (const { name = '' } of databases) {
    const found = name.startsWith(PREFIX) ? await findIn(name, imageId) : undefined;
    if (found) return found;
  }
  return undefined;
}

async function findIn(name: string, imageId: string): Promise<Blob | undefined> {
  const request = indexedDB.open(name);
  // It was removed in this moment.
  request.addEventListener('upgradeneeded', () => request.transaction?.abort());
  const database = await resultOf(request);
  try {
    const transaction = database.transaction(['jobs', 'bytes']);
    const jobs = await resultOf<Job[]>(transaction.objectStore('jobs').getAll());
    const job = jobs.find(({ body, heldBytes }) => body?.imageId === imageId && heldBytes !== undefined);
    if (!job) return undefined;
    const held = await resultOf<Blob | ArrayBuffer | undefined>(transaction.objectStore('bytes').get(job.jobId));
    const blob = new Blob(held === undefined ? [] : [held], { type: job.type });
    return blob.size === job.size ? blob : undefined;
  } finally {
    database.close();
  }
}
