import { request } from '../client/api.ts';

/**
 * After another transport than ours, our server (if there is one) is asked to fetch the picture, so that it is in the cache when it is
 * shown. Nothing depends on it: who shows the picture has it fetched otherwise.
 */
export function fillCache(baseUrl: string | undefined, s3Url: string | undefined): void {
  if (baseUrl === undefined || s3Url === undefined) return;
  const body = JSON.stringify({ actor_id: 'default', images: [{ s3_url: s3Url }] });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  request(baseUrl, '/prefetch', init).catch(() => {});
}
