import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { LiveAnswer } from '../../../plugin/inspectorProtocol.ts';
import { browserEnvironment } from './browserEnvironment.ts';
import { createLive, type Live, type LiveEnvironment, type LiveState } from './createLive.ts';
import type { Server } from './server.ts';

const ServerContext = createContext<{ server: Server; live: Live } | undefined>(undefined);

/** Gives all views the server, and polls its state. */
export function ServerProvider({
  server,
  env = browserEnvironment,
  children,
}: {
  server: Server;
  env?: LiveEnvironment;
  children: ReactNode;
}) {
  const value = useMemo(
    () => ({ server, live: createLive((since, signal) => server.get<LiveAnswer>('live', { since }, signal), env) }),
    [server, env],
  );
  useEffect(() => value.live.start(), [value]);
  return <ServerContext value={value}>{children}</ServerContext>;
}

function useServerContext() {
  const value = useContext(ServerContext);
  if (value === undefined) throw new Error('There is no <ServerProvider> around this.');
  return value;
}

export function useServer(): Server {
  return useServerContext().server;
}

/** What the server has last said of its state. */
export function useLive(): LiveState {
  const { live } = useServerContext();
  return useSyncExternalStore(live.subscribe, live.state);
}

/** A function that asks for the state at once, for after an action. */
export function useRefreshLive(): () => void {
  return useServerContext().live.refresh;
}
