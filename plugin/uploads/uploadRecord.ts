import * as z from 'zod/mini'; // the other one would bring more of it into the files that Vite's start reads
import { ERROR_STATUS, type ErrorCode, type ItemError } from '../protocol.ts';
import type { UploadEntity } from '../uploadProtocol.ts';

/** A job id: 48 bits of the time in milliseconds, and 80 random ones. */
export const JOB_ID = /^[0-9a-f]{32}$/;

const text = (form: RegExp) => z.string().check(z.refine((value) => form.test(value)));

const pictureSchema = z.object({
  /** `<32 hex digits>.<ext>`, the name of its file and the last part of its key. */
  name: text(/^[0-9a-f]{32}\.[a-z0-9]{2,5}$/),
  /** Of the bytes, hex. */
  sha256: text(/^[0-9a-f]{64}$/),
  size_bytes: z.int(),
  content_type: z.string(),
});

const errorSchema = z.object({
  code: z.string().check(z.refine((code) => Object.hasOwn(ERROR_STATUS, code))),
  detail: z.string(),
  hint: z.optional(z.string()),
  transient: z.optional(z.literal(true)),
});

const recordSchema = z.object({
  job_id: text(JOB_ID),
  owner: z.string(),
  state: z.enum(['accepted', 'failed', 'blocked', 'stored', 'canceled']),
  picture: z.optional(pictureSchema),
  filename: z.optional(z.string()),
  entity: z.optional(z.object({ type: z.string(), id: z.string() })),
  attempts: z.int(),
  next_attempt_at: z.optional(z.int()),
  /** One of a newer version may have a code that is not known here, and is only shown. */
  error: z.optional(z.unknown()),
  accepted_at: z.int(),
  finished_at: z.optional(z.int()),
});

/** A picture that was uploaded. */
export type Picture = z.infer<typeof pictureSchema>;

/** An upload, as it stands on disk. Times are milliseconds since the epoch. */
export interface UploadRecord {
  job_id: string;
  /** Who may see it. */
  owner: string;
  /** `stored` and `canceled` are the ends. */
  state: 'accepted' | 'failed' | 'blocked' | 'stored' | 'canceled';
  /** Absent where an upload was canceled before it came. */
  picture?: Picture | undefined;
  filename?: string | undefined;
  /** What the picture belongs to. */
  entity?: UploadEntity | undefined;
  /** How often the bucket has refused it while it took others. */
  attempts: number;
  next_attempt_at?: number | undefined;
  error?: ItemError | undefined;
  accepted_at: number;
  finished_at?: number | undefined;
}

/** An upload that is not in the bucket yet. */
export type PendingUpload = UploadRecord & { picture: Picture };

/** Parses a record; `undefined` if the file is damaged or was edited. */
export function parseRecord(text: string): UploadRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = recordSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { error, ...record } = parsed.data;
  const shown = errorSchema.safeParse(error);
  if (!shown.success) return record;
  const { code, detail, hint, transient } = shown.data;
  return {
    ...record,
    error: {
      code: code as ErrorCode, // the schema has looked it up
      detail,
      ...(hint !== undefined && { hint }),
      ...(transient && { transient }),
    },
  };
}

export function isPending(record: UploadRecord): record is PendingUpload {
  return record.picture !== undefined && record.state !== 'stored' && record.state !== 'canceled';
}
