import { useState } from 'react';
import type { SimulationAnswer, SimulationRequest } from '../../../plugin/inspectorProtocol.ts';
import { useRefreshLive, useServer } from '../server/serverContext.tsx';
import { type ServerError, toServerError } from '../server/serverError.ts';
import { useAnnounce } from './announcer.tsx';

/** Begins and ends simulations. */
export function useSimulate() {
  const server = useServer();
  const refresh = useRefreshLive();
  const announce = useAnnounce();
  const [error, setError] = useState<ServerError>();

  function send(method: 'PUT' | 'DELETE', body: SimulationRequest | undefined, said: string): void {
    server.send<SimulationAnswer>(method, 'simulate', body).then(
      () => {
        setError(undefined);
        announce(said);
        refresh();
      },
      (thrown: unknown) => setError(toServerError(thrown)),
    );
  }

  return {
    error,
    begin: (request: SimulationRequest, title: string) => send('PUT', request, `Simulation: ${title}`),
    end: () => send('DELETE', undefined, 'The simulation has ended'),
  };
}
