import dgram from 'node:dgram';
import dns from 'node:dns';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/**
 * Imported before everything else, so that nothing can be opened without being seen: each outgoing connection, each question to a name server, and
 * each import of the AWS SDK. None of the former is made.
 */
const seen: string[] = [];
Reflect.set(globalThis, 'openedSockets', seen);

net.Socket.prototype.connect = function connect(this: net.Socket, ...target: unknown[]) {
  const [to] = target.flat() as [{ host?: string; lookup?: typeof dns.lookup }?];
  seen.push(`connect ${JSON.stringify(to)}`);
  if (to?.host !== undefined && net.isIP(to.host) === 0) (to.lookup ?? dns.lookup)(to.host, {}, () => {});
  process.nextTick(() => this.destroy(Object.assign(new Error('There is no network.'), { code: 'ENETUNREACH' })));
  return this;
};

/** @param original what listening at an address calls, which is no question */
const refuse = (what: string, original?: (...given: unknown[]) => unknown) =>
  function refused(this: unknown, ...given: unknown[]): unknown {
    if (original !== undefined && net.isIP(String(given[0])) !== 0) return original.apply(this, given);
    seen.push(`${what} ${String(given[0])}`);
    const error = Object.assign(new Error('There is no network.'), { code: 'ENOTFOUND' });
    const callback = given.at(-1);
    if (typeof callback !== 'function') return Promise.reject(error);
    process.nextTick(callback, error);
    return undefined;
  };
for (const [name, questions] of Object.entries({
  dns,
  'dns.promises': dns.promises,
  'dns.Resolver': dns.Resolver.prototype,
  'dns.promises.Resolver': dns.promises.Resolver.prototype,
})) {
  for (const method of Object.keys(Object.getOwnPropertyDescriptors(questions))) {
    if (!/^(?:lookup|lookupService|resolve\w*|reverse)$/.test(method)) continue;
    const original: unknown = Reflect.get(questions, method);
    const isFunction = (value: unknown): value is (...given: unknown[]) => unknown => typeof value === 'function';
    Reflect.set(questions, method, refuse(`${name}.${method}`, isFunction(original) ? original : undefined));
  }
}
dgram.Socket.prototype.send = refuse('dgram.send');
syncBuiltinESMExports();

registerHooks({
  resolve(specifier, context, next) {
    if (/^@(?:aws-sdk|smithy)\//.test(specifier)) seen.push(`import ${specifier}`);
    return next(specifier, context);
  },
});
