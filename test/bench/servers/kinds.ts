/** A server that listens on loopback. */
export interface RunningServer {
  port: number;
  close(): Promise<void>;
}

/** Each imports only what it needs, since the memory of some is measured. */
const KINDS = {
  ours: () => import('./ours.ts'),
  raw: () => import('./raw.ts'),
  nginx: () => import('./nginx.ts'),
  nginxInFront: () => import('./nginxInFront.ts'),
  sirv: () => import('./sirv.ts'),
  express: () => import('./express.ts'),
  vite: () => import('./vite.ts'),
  next: () => import('./next.ts'),
  s3: () => import('./s3.ts'),
  slow: () => import('./slow.ts'),
};

export type ServerKind = keyof typeof KINDS;
export type OptionsOf<Kind extends ServerKind> = Parameters<Awaited<ReturnType<(typeof KINDS)[Kind]>>['start']>[0];

/** @param options those of the kind */
export async function startServer(kind: string, options: unknown): Promise<RunningServer> {
  if (!Object.hasOwn(KINDS, kind)) throw new Error(`there is no server '${kind}'`);
  const { start } = await KINDS[kind as ServerKind](); // hasOwn has just proved it
  return start(options as never); // `Processes.start` lets no other through
}
