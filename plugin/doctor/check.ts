import type { DoctorCheck } from '../inspectorProtocol.ts';

/** What a check has found. */
export type Finding = Pick<DoctorCheck, 'status' | 'detail' | 'hint' | 'fix'>;

/** One question. Each is answered by a file of its own in `checks/`. */
export interface Check extends Pick<DoctorCheck, 'id' | 'group' | 'about' | 'title'> {
  /**
   * The checks that must not have failed: their ids, of the same bucket if there is one. If one of them fails, this one is skipped, so
   * that one cause is one failure.
   */
  after?: readonly string[];
  /** Checks that must have ended, however. */
  waitsFor?: readonly string[];
  /** Answers the question. What it throws is a failure, in its words. */
  run(): Finding | Promise<Finding>;
  /** The finding if it takes too long. @default a failure that says so */
  late?(): Finding;
}

export function ok(detail: string): Finding {
  return { status: 'ok', detail };
}

/** Something that works, and that somebody should know. */
export function warn(detail: string, hint: string, fix?: string): Finding {
  return { status: 'warn', detail, hint, ...(fix !== undefined && { fix }) };
}

export function fail(detail: string, hint?: string, fix?: string): Finding {
  return { status: 'fail', detail, ...(hint !== undefined && { hint }), ...(fix !== undefined && { fix }) };
}

/** @param reason goes on after “because” */
export function skip(reason: string): Finding {
  return { status: 'skip', detail: `because ${reason}` };
}
