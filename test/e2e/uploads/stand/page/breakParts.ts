/**
 * Breaks parts of the browser, so that a test can end it exactly there:
 * - `hold=<state>`: the transaction that writes a job of that state never ends, because it always has one more request under way.
 * - `stuck=digest`: hashing never ends, and so preparing does not.
 * - `stuck=encoder`: decoding a picture never ends.
 */
export function breakParts(query: URLSearchParams): void {
  const state = query.get('hold');
  if (state !== null) holdWritesOf(state);
  const stuck = query.get('stuck');
  if (stuck === 'digest') crypto.subtle.digest = stand;
  if (stuck === 'encoder') window.createImageBitmap = stand;
}

async function stand(): Promise<never> {
  console.log('stuck');
  return new Promise(() => {});
}

function holdWritesOf(state: string): void {
  for (const method of ['add', 'put'] as const) {
    const original = IDBObjectStore.prototype[method];
    IDBObjectStore.prototype[method] = function write(this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const request = original.call(this, value, key);
      if (this.name === 'jobs' && isJobOf(state, value)) keepBusy(this);
      return request;
    };
  }
}

function isJobOf(state: string, value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'state' in value && value.state === state;
}

function keepBusy(store: IDBObjectStore): void {
  let requests = 0;
  const again = (): void => {
    requests += 1;
    // Whatever was written before this has succeeded by now.
    if (requests === 20) console.log('held');
    store.count().addEventListener('success', again);
  };
  again();
}
