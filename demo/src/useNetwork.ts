import { useCallback, useEffect, useState } from 'react';
import type { NetworkFaults, NetworkState } from '../api.ts';
import { changeNetwork, fetchNetwork } from './backend.ts';

export interface Network {
  /** `pending` until the backend has answered; `undefined` if the network cannot be switched. */
  state: NetworkState | 'pending' | undefined;
  /** Resolves when the faults are switched. */
  change(faults: Partial<NetworkFaults>): Promise<void>;
}

/** Reads and switches the faults of the network to S3. */
export function useNetwork(): Network {
  const [state, setState] = useState<Network['state']>('pending');

  useEffect(() => {
    const controller = new AbortController();
    // Without an answer, the switches are removed.
    fetchNetwork(controller.signal).then(setState, () => {
      if (!controller.signal.aborted) setState(undefined);
    });
    return () => controller.abort();
  }, []);

  const change = useCallback(async (faults: Partial<NetworkFaults>) => {
    setState((current) => (typeof current === 'object' ? { ...current, ...faults } : current));
    await changeNetwork(faults).then(setState, () => fetchNetwork().then(setState, () => {}));
  }, []);

  return { state, change };
}
