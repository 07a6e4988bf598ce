import type { Problem } from '../../../plugin/protocol.ts';

/** The server has refused a call, or has not answered. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  /** `undefined`: it has not answered, or something else has. */
  readonly status: number | undefined;
  /** As the server says it, e.g. `MANAGEMENT_CLOSED`. */
  readonly code: string | undefined;
  /** What to do, in the words of the server. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    { status, code, hint }: { status?: number; code?: string; hint?: string | undefined } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** Whatever was thrown, as a ServerError. */
export function toServerError(thrown: unknown): ServerError {
  return thrown instanceof ServerError ? thrown : new ServerError(String(thrown));
}

/** What a refusal says. An answer that is none of ours (of a proxy, a login) is told by its status. */
export async function refusalOf(response: Response): Promise<ServerError> {
  const { status } = response;
  const problem: unknown = await response.json().catch(() => undefined);
  if (isProblem(problem)) return new ServerError(problem.detail, { status, code: problem.code, hint: problem.hint });
  return new ServerError(`The server has answered ${status}.`, { status });
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}
