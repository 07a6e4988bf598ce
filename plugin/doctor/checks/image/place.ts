import { createHash } from 'node:crypto';
import { cacheLocation, DEFAULT_ACTOR_ID, imagePath } from '../../../cache/index.ts';
import { type Check, ok, skip } from '../../check.ts';
import type { ImageFacts } from './facts.ts';

/** Where it would be stored. Nothing is. */
export function placeCheck({ object, inspected, installation: { root, options } }: ImageFacts): Check {
  return {
    id: 'image.place',
    group: 'image',
    title: 'It can be stored',
    after: ['image.whole'],
    async run() {
      const { bytes, extension } = await inspected();
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const path = imagePath({ actorId: DEFAULT_ACTOR_ID, key: object.key, sha256, extension });
      return ok(`As ${cacheLocation(root, options.cacheDir).prefix}${path}, or in the folder of another actor.`);
    },
    late: () => skip('it has not arrived in time'),
  };
}
