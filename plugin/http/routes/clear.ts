import { DEFAULT_ACTOR_ID, parseActorId } from '../../cache/index.ts';
import type { ClearAnswer } from '../../protocol.ts';
import type { AuthorizedUploads } from '../authorizedUploads.ts';
import { defineRoute } from '../defineRoute.ts';

/** How many actors a hint names. */
const MAX_NAMED = 10;

export const clearRoute = defineRoute({
  method: 'POST',
  path: '/clear/:actorId',
  access: 'manage',
  async handler({ request, cache, uploads }): Promise<ClearAnswer> {
    // Express's types do not know the parameters of a path that is in a variable.
    const actorId = parseActorId(String(request.params['actorId']));
    const answer = await withPending(cache.clear(actorId), uploads);
    if (answer.cleared > 0 || answer.kept > 0) return answer;
    return { ...answer, hint: hintOf(actorId, await cache.largestActors(MAX_NAMED)) };
  },
});

export const clearAllRoute = defineRoute({
  method: 'POST',
  path: '/clear-all',
  access: 'manage',
  handler: ({ cache, uploads }): Promise<ClearAnswer> => withPending(cache.clear(), uploads),
});

/** Adds the number of pending uploads, which clearing does not remove. */
async function withPending(cleared: Promise<ClearAnswer>, uploads: AuthorizedUploads): Promise<ClearAnswer> {
  const answer = await cleared;
  const pending = await uploads.pendingCount();
  return pending === 0 ? answer : { ...answer, pending_uploads: pending };
}

function hintOf(actorId: string, actors: readonly { actor_id: string; entries: number }[]): string {
  const nothing = `No image is filed under the actor \`${actorId}\``;
  if (actors.length === 0) return `${nothing}, or under any other: the cache is empty.`;
  const names = actors.map(({ actor_id, entries }) => `\`${actor_id}\` (${entries})`).join(', ');
  return `${nothing}. Most images are under ${names}. Images are filed by \`actor_id\`, and under \`${DEFAULT_ACTOR_ID}\` without one.`;
}
