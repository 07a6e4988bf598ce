import { useLive } from './serverContext.tsx';

/** Whether the server is offline by choice: then it asks no bucket and removes nothing. */
export function useIsOffline(): boolean {
  return useLive().answer?.stats.offline !== undefined;
}
