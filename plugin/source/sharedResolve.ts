import type { Resolve } from './vettedLookup.ts';

type Callback = Parameters<Resolve>[2];

/**
 * Resolves a name once for all callers that need it at the same time. Node resolves two names at a time, on the threads that also
 * read files. If the DNS never answers for a server, and each download from it resolved the name by itself, all other names would
 * have to wait. Answers are not kept.
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
