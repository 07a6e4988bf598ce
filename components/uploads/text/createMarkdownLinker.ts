import type { Entity } from '../entity.ts';
import type { OnStored } from '../onStored.ts';
import { UploadError } from '../uploadError.ts';
import { urlInText } from './imageRefs.ts';
import { replaceRefs } from './replaceRefs.ts';

/** How often a text is loaded again because it was changed meanwhile. */
const MAX_TRIES = 8;

export interface MarkdownLinkerOptions<Version> {
  /** The text of an entity as it is stored now, and what its version is; `undefined` when there is none (any more). */
  load(
    entity: Entity,
  ): Promise<{ text: string; version: Version } | undefined> | { text: string; version: Version } | undefined;
  /**
   * Saves a text if the stored one still has this version. Both in one step, e.g. one transaction: whoever types meanwhile must win.
   * @returns whether it was saved
   */
  compareAndSave(entity: Entity, text: string, version: Version): Promise<boolean> | boolean;
  /**
   * The text has the picture's URL now, so that the app can sync it again. May be called more than once for the same picture.
   */
  onRewritten?(entity: Entity): Promise<void> | void;
}

/**
 * Makes an `onStored` that replaces the reference of a picture by its URL in the text of its entity, as soon as the bucket has it. What is
 * loaded is the text of that entity and no other, wherever the user is by then; edits made meanwhile are kept.
 * @returns for `onStored`; it rejects with `TEXT_CHANGED` when the text was changed again and again, and is then called again later
 * @example
 * createImageUploads({
 *   onStored: createMarkdownLinker({
 *     load: ({ id }) => db.notes.get(id),
 *     compareAndSave: ({ id }, text, version) => db.notes.replace({ id, text, version }),
 *   }),
 * });
 */
export function createMarkdownLinker<Version>({
  load,
  compareAndSave,
  onRewritten,
}: MarkdownLinkerOptions<Version>): OnStored {
  return async ({ entity, ref, url }, { signal }) => {
    // A `)` would end it too early.
    const written = urlInText(url);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      signal.throwIfAborted();
      const loaded = await load(entity);
      if (!loaded) return;
      const text = replaceRefs(loaded.text, { [ref]: written });
      // It may have been rewritten by a call whose end the page did not live to see.
      const isDone = text === loaded.text;
      if (isDone && !text.includes(written)) return;
      if (isDone || (await compareAndSave(entity, text, loaded.version))) return onRewritten?.(entity);
    }
    throw new UploadError({
      code: 'TEXT_CHANGED',
      message: 'The text was changed each time before the picture could be linked in it.',
      hint: 'It is tried again later. If this goes on, see whether the version that `load` returns is the one that is stored.',
      kind: 'transient',
    });
  };
}
