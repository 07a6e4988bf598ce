import { createHash } from 'node:crypto';
import type {
  Accepted,
  Needed,
  Refused,
  SendContext,
  Stored,
  TransportJob,
  TransportRemoval,
  UploadTransport,
} from '../../../components/uploads/transport.ts';
import type { Entity } from '../../../components/uploads/entity.ts';
import { UploadError } from '../../../components/uploads/uploadError.ts';
import { SECRET } from './pictures.ts';

/**
 * How one try ends. `lost`: the bucket has it, and the answer does not come; `accepted`: a server has it, and stores it when `work()` is
 * called; `hang`: there is no end before `release()`.
 */
export type Outcome = 'stored' | 'accepted' | 'unreachable' | 'lost' | 'hang' | 503 | 403 | 413;

export interface FakeBucket {
  readonly transport: UploadTransport;
  /** How the next tries end, in order; then each as `otherwise` says. */
  outcomes: Outcome[];
  otherwise: Outcome | ((job: TransportJob) => Outcome);
  /** Whether `probe` succeeds. */
  isReachable: boolean;
  /** Whether the other side remembers what it has accepted. */
  readonly accepted: Map<string, TransportJob>;
  /** Digests by key, as written. */
  readonly objects: Map<string, string>;
  /** How often each object was written. */
  readonly writes: Map<string, number>;
  /** What was sent, in order. */
  readonly sent: TransportJob[];
  /** What the server says of what it has accepted. */
  refusal: Refused | undefined;
  readonly retried: string[];
  readonly canceled: string[];
  /** Jobs of pictures that were added without their bytes. */
  readonly added: string[];
  /** What was told of removals, in order. */
  readonly removals: TransportRemoval[];
  /**
   * How the next removals end; then each is taken. `hang`: on its way to the server, before that has looked what there is; `hang late`: when it
   * has, and then it goes on, also when nobody waits for it any more.
   */
  removalOutcomes: ('unreachable' | 'lost' | 'hang' | 'hang late' | 503 | 401 | 400)[];
  /** Which entity uses which object, as a server keeps it. */
  readonly references: ReadonlySet<string>;
  readonly checked: string[][];
  probes: number;
  /** The most pictures that were under way at a time. */
  mostAtOnce: number;
  /** What was done wrong: it must stay empty. */
  readonly complaints: string[];
  /** The server stores what it has accepted. */
  work(): void;
  /** Takes all that was sent, and answers nothing. */
  takeSilently(): void;
  /** Ends what hangs. */
  release(outcome?: Exclude<Outcome, 'hang'>): void;
}

/** The other side, in memory, and strict about what it is sent. */
export function fakeBucket(options: { hasCheck?: boolean; hasProbe?: boolean } = {}): FakeBucket {
  const { hasCheck = true, hasProbe = true } = options;
  const underWay = new Map<string, string>();
  const hanging = new Set<(outcome: Exclude<Outcome, 'hang'>) => void>();
  const unwanted = new Set<string>();
  const served = new Map<string, 'stored'>();
  /** By the upload that has written it: each writes one of its own. */
  const references = new Map<string, string>();

  function complain(text: string): void {
    bucket.complaints.push(text);
  }

  function write(job: TransportJob): void {
    // A removal has told of the job: a server takes it no more, however late it arrives.
    if (unwanted.has(job.jobId)) return;
    if (job.entity) references.set(job.jobId, referenceOf(job.entity, job.imageId));
    const other = bucket.objects.get(job.key);
    if (other !== undefined && other !== job.sha256) complain(`Other bytes under ${job.key}.`);
    if (other === undefined) bucket.writes.set(job.key, (bucket.writes.get(job.key) ?? 0) + 1);
    bucket.objects.set(job.key, job.sha256);
    served.set(job.jobId, 'stored');
  }

  function end(job: TransportJob, outcome: Exclude<Outcome, 'hang'>): Stored | Accepted {
    switch (outcome) {
      case 'stored':
        write(job);
        return { state: 'stored', s3_url: `https://b.s3.amazonaws.com/${job.key}` };
      case 'accepted':
        bucket.accepted.set(job.jobId, job);
        return { state: 'accepted' };
      case 'lost':
        write(job);
        throw new UploadError({ code: 'UNREACHABLE', message: 'The answer was lost.', kind: 'unreachable' });
      case 'unreachable':
        throw new UploadError({ code: 'UNREACHABLE', message: 'Nothing answers.', kind: 'unreachable' });
      case 503:
        throw new UploadError({ code: 'STORE_ERROR', message: 'HTTP 503', kind: 'transient' });
      case 403:
        throw new UploadError({ code: 'STORE_FORBIDDEN', message: 'HTTP 403', hint: 'Sign in.', kind: 'blocked' });
      case 413:
        throw new UploadError({ code: 'TOO_LARGE', message: 'HTTP 413', kind: 'permanent' });
    }
  }

  async function send(job: TransportJob, body: Blob, { signal, onProgress }: SendContext): Promise<Stored | Accepted> {
    bucket.sent.push(job);
    if (signal.aborted) complain('Sent although it was aborted.');
    if (underWay.has(job.jobId)) complain(`${job.jobId} is sent twice at a time.`);
    if ([...underWay.values()].includes(job.sha256)) complain(`The same bytes are sent twice at a time.`);
    underWay.set(job.jobId, job.sha256);
    bucket.mostAtOnce = Math.max(bucket.mostAtOnce, underWay.size);
    const chosen =
      bucket.outcomes.shift() ?? (typeof bucket.otherwise === 'function' ? bucket.otherwise(job) : bucket.otherwise);
    try {
      const bytes = Buffer.from(await body.arrayBuffer());
      inspect(job, bytes);
      onProgress(bytes.length);
      if (chosen !== 'hang') return end(job, chosen);
      const outcome = await new Promise<Exclude<Outcome, 'hang'>>((resolve, reject) => {
        hanging.add(resolve);
        signal.addEventListener('abort', () => {
          hanging.delete(resolve);
          reject(signal.reason as Error);
        });
      });
      return end(job, outcome);
    } finally {
      underWay.delete(job.jobId);
    }
  }

  /** The uploads by which an entity has pictures. */
  function uploadsOf({ entity, images }: TransportRemoval): string[] {
    const accepted = Array.from(bucket.accepted.values()).filter((job) =>
      images.some(({ imageId }) => isOf(job, entity, imageId)),
    );
    const wanted = new Set(images.map(({ imageId }) => referenceOf(entity, imageId)));
    const stored = Array.from(references).filter(([, reference]) => wanted.has(reference));
    return [...accepted.map(({ jobId }) => jobId), ...stored.map(([jobId]) => jobId)];
  }

  function takeBack(jobIds: readonly string[]): void {
    for (const jobId of jobIds) {
      unwanted.add(jobId);
      bucket.accepted.delete(jobId);
      references.delete(jobId);
    }
  }

  function inspect(job: TransportJob, bytes: Buffer): void {
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== job.sha256) complain('The digest is not that of the bytes.');
    if (job.imageId !== digest.slice(0, 32)) complain('The id is not the beginning of the digest.');
    if (!job.key.endsWith(`${job.imageId.slice(0, 2)}/${job.imageId}.png`)) complain(`The key is ${job.key}.`);
    if (job.ref !== `/api/cache/i/${job.imageId}.png`) complain(`The reference is ${job.ref}.`);
    if (job.size !== bytes.length) complain('The size is not that of the bytes.');
    if (!/^[0-9a-f]{32}$/.test(job.jobId)) complain(`The job is ${job.jobId}.`);
    if (bytes.includes(SECRET)) complain('The place was sent.');
  }

  const bucket: FakeBucket = {
    outcomes: [],
    otherwise: 'stored',
    isReachable: true,
    accepted: new Map(),
    objects: new Map(),
    writes: new Map(),
    sent: [],
    refusal: undefined,
    retried: [],
    canceled: [],
    added: [],
    removals: [],
    removalOutcomes: [],
    get references() {
      return new Set(references.values());
    },
    checked: [],
    probes: 0,
    mostAtOnce: 0,
    complaints: [],
    work() {
      for (const job of bucket.accepted.values()) write(job);
      bucket.accepted.clear();
    },
    takeSilently() {
      for (const job of bucket.sent) write(job);
    },
    release(outcome = 'stored') {
      for (const resolve of hanging) resolve(outcome);
      hanging.clear();
    },
    transport: {
      send,
      ...(hasCheck && {
        async check(jobs: readonly TransportJob[]): Promise<(Stored | Accepted | Needed | Refused)[]> {
          if (!bucket.isReachable) throw new TypeError('Failed to fetch');
          if (jobs.length > 100) complain('More than 100 are asked for.');
          bucket.checked.push(jobs.map(({ jobId }) => jobId));
          return jobs.map(({ jobId, key, sha256, entity }) => {
            // That it is there for one entity says nothing of another.
            const isThere = !entity && bucket.objects.get(key) === sha256;
            if (served.has(jobId) || isThere) return { state: 'stored' };
            if (!bucket.accepted.has(jobId)) return { state: 'needed' };
            return bucket.refusal ?? { state: 'accepted' };
          });
        },
      }),
      ...(hasProbe && {
        async probe() {
          bucket.probes += 1;
          if (!bucket.isReachable) throw new TypeError('Failed to fetch');
        },
      }),
      async retry({ jobId }) {
        bucket.retried.push(jobId);
        return { state: bucket.accepted.has(jobId) ? 'accepted' : 'needed' };
      },
      async cancel({ jobId }) {
        if (!bucket.isReachable) throw new TypeError('Failed to fetch');
        bucket.canceled.push(jobId);
        bucket.accepted.delete(jobId);
      },
      async add({ jobId, entity, imageId, key }) {
        if (!bucket.isReachable) throw new TypeError('Failed to fetch');
        if (!entity) complain('A picture was added to no entity.');
        bucket.added.push(jobId);
        if (unwanted.has(jobId)) throw new UploadError({ code: 'CANCELED', message: 'It was canceled.' });
        if (!bucket.objects.has(key)) throw new UploadError({ code: 'BYTES_GONE', message: 'It is not there.' });
        if (entity) references.set(jobId, referenceOf(entity, imageId));
        return { state: 'stored', s3_url: `https://b.s3.amazonaws.com/${key}` };
      },
      async remove(removal, { signal, isWished }) {
        if (!bucket.isReachable) throw new TypeError('Failed to fetch');
        const { entity, images, jobIds } = removal;
        if (images.length === 0 || images.length > 100) complain(`A removal is about ${images.length} pictures.`);
        for (const { imageId, key } of images) {
          if (!key.endsWith(`${imageId.slice(0, 2)}/${imageId}.png`)) complain(`The key of a removal is ${key}.`);
          const isUnderWay = bucket.sent.some((job) => underWay.has(job.jobId) && isOf(job, entity, imageId));
          if (isUnderWay) complain('A picture is sent while its removal is told.');
        }
        bucket.removals.push(removal);
        const chosen = bucket.removalOutcomes.shift();
        if (chosen === 'unreachable') throw new TypeError('Failed to fetch');
        if (chosen === 503) throw new UploadError({ code: 'STORE_ERROR', message: 'HTTP 503', kind: 'transient' });
        if (chosen === 401) throw new UploadError({ code: 'DENIED', message: 'HTTP 401', kind: 'blocked' });
        if (chosen === 400) throw new UploadError({ code: 'INVALID', message: 'HTTP 400', kind: 'permanent' });
        const hang = (end = () => {}) =>
          new Promise<void>((resolve, reject) => {
            hanging.add(() => {
              end();
              resolve();
            });
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          });
        if (chosen === 'hang') await hang();
        const found = uploadsOf(removal);
        if (!(await isWished()))
          throw new UploadError({ code: 'TAKEN_BACK', message: 'It was added again.', kind: 'transient' });
        if (chosen === 'hang late') await hang(() => takeBack([...jobIds, ...found]));
        else takeBack([...jobIds, ...found]);
        if (chosen === 'lost') throw new TypeError('Failed to fetch');
      },
    },
  };
  return bucket;
}

function isOf(job: TransportJob, { type, id }: Entity, imageId: string): boolean {
  return job.entity?.type === type && job.entity.id === id && job.imageId === imageId;
}

/** A reference of an entity to an object, in one string. */
export function referenceOf({ type, id }: Entity, imageId: string): string {
  return `${type} ${id} ${imageId}`;
}
