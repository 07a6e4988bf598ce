import type { UploadsEnvironment } from '../environment.ts';

/** Resolves after so long, or as soon as `until` is aborted. */
export async function pause(env: Pick<UploadsEnvironment, 'after'>, ms: number, until: AbortSignal): Promise<void> {
  if (until.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = env.after(ms, resolve);
    until.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}
