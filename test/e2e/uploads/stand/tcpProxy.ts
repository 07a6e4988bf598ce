import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** What happens to a connection from a certain request on. */
type TcpFault =
  /** Both ends are reset after so many bytes of the request have gone through. */
  | { type: 'cut'; afterBytes: number }
  /** The whole request goes through, and the client is reset when the answer begins: whether it was done, it cannot know. */
  | { type: 'loseAnswer' }
  /** Nothing goes through any more, and nothing is said. */
  | { type: 'blackHole' }
  /** Everything that the client sends waits for so long, in milliseconds. */
  | { type: 'delay'; ms: number };

interface Rule {
  /** What the request begins with, e.g. `PUT /uploads`. */
  readonly request: RegExp;
  readonly fault: TcpFault;
  /** How many requests it happens to. */
  times: number;
}

/** Stands between a client and a server, and breaks their connections. */
export interface TcpProxy {
  readonly port: number;
  /** The port that connections are made to from now on; `undefined`: they are reset. */
  target: number | undefined;
  /** Breaks the next requests of this kind. @returns a rule, to see how many times are left */
  breakNext(request: RegExp, fault: TcpFault, times?: number): Rule;
  /** Resets every connection there is. */
  cutAll(): void;
  /** Listens no more, and resets every connection, as when what is behind it is killed. */
  down(): Promise<void>;
  /** Listens again, on the same port. */
  up(): Promise<void>;
  /** No more rules. */
  mend(): void;
}

export async function startTcpProxy(target: number | undefined): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let rules: Rule[] = [];

  function reset(socket: Socket): void {
    if (!socket.destroyed) socket.resetAndDestroy();
  }

  function ruleFor(chunk: Buffer): Rule | undefined {
    if (rules.length === 0) return undefined;
    const start = chunk.toString('latin1', 0, 300);
    const rule = rules.find(({ request, times }) => times > 0 && request.test(start));
    if (rule) rule.times -= 1;
    return rule;
  }

  function serve(client: Socket): void {
    if (proxy.target === undefined) return reset(client);
    const upstream = connect(proxy.target, '127.0.0.1');
    let fault: TcpFault | undefined;
    let passed = 0;
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        reset(client);
        reset(upstream);
      });
    }
    client.on('data', (chunk: Buffer) => {
      fault ??= ruleFor(chunk)?.fault;
      if (fault?.type === 'blackHole') return;
      if (fault?.type === 'delay') return void setTimeout(() => upstream.write(chunk), fault.ms);
      passed += chunk.length;
      if (fault?.type !== 'cut' || passed < fault.afterBytes) return pass(chunk, client, upstream);
      upstream.write(chunk.subarray(0, chunk.length - (passed - fault.afterBytes)), () => reset(upstream));
    });
    upstream.on('data', (chunk: Buffer) => {
      if (fault?.type === 'blackHole') return;
      if (fault?.type === 'loseAnswer') return reset(client);
      pass(chunk, upstream, client);
    });
    client.on('end', () => upstream.end());
    upstream.on('end', () => client.end());
  }

  const server = createServer({ allowHalfOpen: true }, serve);
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo; // it listens on TCP

  const proxy: TcpProxy = {
    port,
    target,
    breakNext(request, fault, times = 1) {
      const rule = { request, fault, times };
      rules.push(rule);
      return rule;
    },
    cutAll: () => sockets.forEach(reset),
    async down() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      proxy.cutAll();
      await closed;
    },
    up: () => listen(port),
    mend: () => (rules = []),
  };
  return proxy;
}

/** No more is read than the other end takes. */
function pass(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.write(chunk)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
