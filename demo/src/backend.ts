import type { ActorDetail, ActorSummary, NetworkFaults, NetworkState, UploadFaults } from '../api.ts';

/** Gets all actors with all their pictures, with new signatures. */
export function fetchActors(signal?: AbortSignal): Promise<ActorSummary[]> {
  return getJson('/demo/actors?images=1', signal);
}

/** Gets one actor, with new signatures. */
export function fetchActor(id: string, signal?: AbortSignal): Promise<ActorDetail> {
  return getJson(`/demo/actors/${id}`, signal);
}

/** Gets the state of the network to S3; `undefined` if the storage is not the demo's own. */
export async function fetchNetwork(signal?: AbortSignal): Promise<NetworkState | undefined> {
  const answer = await fetch('/demo/network', signal === undefined ? {} : { signal });
  return answer.ok ? await readJson(answer) : undefined;
}

export async function changeNetwork(faults: Partial<NetworkFaults>): Promise<NetworkState> {
  const answer = await fetch('/demo/network', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
  });
  return await readJson(answer);
}

export function fetchUploadFaults(signal?: AbortSignal): Promise<UploadFaults> {
  return getJson('/demo/upload-faults', signal);
}

export async function changeUploadFaults(faults: UploadFaults): Promise<UploadFaults> {
  const body = JSON.stringify(faults);
  return await readJson(
    await fetch('/demo/upload-faults', { method: 'PUT', headers: { 'content-type': 'application/json' }, body }),
  );
}

/** Restarts the dev server, in the middle of whatever it does. The page stays. */
export async function restartServer(): Promise<void> {
  await fetch('/demo/restart', { method: 'POST' });
}

async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return await readJson(await fetch(url, signal === undefined ? {} : { signal }));
}

/** Reads an answer. Its type is right, because both sides are compiled with demo/api.ts. */
async function readJson<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw new Error(`The demo's backend answered ${answer.status}`);
  return (await answer.json()) as T; // `json()` is untyped; see above
}
