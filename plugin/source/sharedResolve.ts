import type { Resolve } from './vettedLookup.ts';

type Callback = Parameters<Resolve>[2];

/**
 * Asks for a name once for all who want it at the same time. Node resolves on threads that files are read by as well, two names at a
 * time: if each download from a server whose name is never answered asked by itself, all other names would wait behind them.
 * What has been answered is not kept.
 */
export function sharedResolve(resolve: Resolve): Resolve {
  const asking = new Map<string, Callback[]>();

  return (hostname, options, callback) => {
    const question = `${hostname} ${options.family} ${options.hints ?? 0}`;
    const others = asking.get(question);
    if (others !== undefined) {
      others.push(callback);
      return;
    }
    const all = [callback];
    asking.set(question, all);
    resolve(hostname, options, (error, addresses) => {
      asking.delete(question);
      for (const tell of all) tell(error, addresses);
    });
  };
}
