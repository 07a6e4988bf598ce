import type { SignedRequest } from '../../../../components/uploads/index.ts';

/** Both ask the app's backend in the same way. */
export async function sign(request: {
  method: string;
  key: string;
  headers: Readonly<Record<string, string>>;
}): Promise<SignedRequest> {
  const response = await fetch('/sign', { method: 'POST', body: JSON.stringify(request) });
  if (!response.ok) throw new Error(`The backend answered ${response.status}.`);
  return (await response.json()) as SignedRequest; // from site.ts
}
