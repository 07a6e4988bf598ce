import net from 'node:net';
import { vi } from 'vitest';

/**
 * Watches every socket that this process opens, and lets none of them leave it: a connection to a host that is not in
 * `known` fails as if it refused connections. Addresses are seen after the lookup, as the socket is given them.
 */
export interface Outbound {
  /** Addresses that a socket was about to connect to. */
  attempts: string[];
  stop(): void;
}

export function watchOutbound(isKnown: (port: number) => boolean): Outbound {
  const attempts: string[] = [];
  const { connect } = net.Socket.prototype;

  function refuse(address: string): NodeJS.ErrnoException {
    attempts.push(address);
    return Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
  }

  const spy = vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args) {
    const options = optionsOf(args);
    if (isKnown(Number(options?.port))) return Reflect.apply(connect, this, args);
    const { lookup } = options ?? {};
    if (options === undefined || lookup === undefined || net.isIP(options.host ?? '') !== 0) {
      const error = refuse(options?.host ?? 'a path');
      process.nextTick(() => this.destroy(error));
      return this;
    }
    options.lookup = (hostname, lookupOptions, callback) =>
      lookup(hostname, lookupOptions, (error, address) => {
        const addresses = Array.isArray(address) ? address.map((each) => each.address) : [address];
        callback(error ?? refuse(addresses.join()), address);
      });
    return Reflect.apply(connect, this, args);
  });
  return { attempts, stop: () => spy.mockRestore() };
}

/** Node's own callers pass `[options, callback]` as one argument, others `options, callback` or `port, host`. */
function optionsOf(args: unknown[]): net.TcpSocketConnectOpts | undefined {
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof first === 'number') return { port: first, host: typeof args[1] === 'string' ? args[1] : 'localhost' };
  // What is left of Node's signatures: options for TCP, or for a path, which has no port and is refused.
  return typeof first === 'object' ? (first as net.TcpSocketConnectOpts) : undefined;
}
