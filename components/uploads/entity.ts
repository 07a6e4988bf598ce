import { UploadError } from './uploadError.ts';

/** What a picture belongs to in the app: a note, a journal entry, a canvas. */
export interface Entity {
  /** Its kind, e.g. `note`: 1 to 200 characters. */
  readonly type: string;
  /**
   * Its id for good, as the app knows it before any server does: 1 to 200 characters. An id that is the same on all devices (a UUID that
   * the browser makes) lets another device remove its pictures.
   */
  readonly id: string;
  /** The id that the app's server has given it, for these pictures; `bindEntity()` says it of all pictures of the entity. */
  readonly serverId?: string | undefined;
}

const MAX_LENGTH = 200;
/** In bytes: what servers take as a header. */
const MAX_NAME_LENGTH = 600;

/** A copy with nothing else in it. @throws UploadError `ENTITY_INVALID` */
export function toEntity({ type, id, serverId }: Entity): Entity {
  if (![type, id, serverId ?? id].every(isId) || entityName({ type, id }).length > MAX_NAME_LENGTH) {
    throw new UploadError({
      code: 'ENTITY_INVALID',
      message:
        'The entity of a picture needs a `type` and an `id` of 1 to 200 characters each, without control characters, and so does its `serverId`.',
      hint: `Together, percent-encoded, type and id have at most ${MAX_NAME_LENGTH} characters.`,
    });
  }
  return { type, id, ...(serverId !== undefined && { serverId }) };
}

/** One string for an entity in maps: the length keeps its parts apart. */
export function entityKey({ type, id }: Entity): string {
  return `${type.length} ${type}${id}`;
}

/** The same for headers: its parts percent-encoded, with a slash between them. */
export function entityName({ type, id }: Entity): string {
  return `${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
}

/** The app may not be written in TypeScript. Half a character cannot be encoded, and our server takes no control characters. */
function isId(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= MAX_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(text);
}
