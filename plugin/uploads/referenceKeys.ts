import { createHash, randomUUID } from 'node:crypto';
import type { UploadEntity } from '../uploadProtocol.ts';

/** Who uses a picture: an entity of an owner. Without an entity, the owner by itself. */
export interface ReferenceHolder {
  owner: string;
  entity?: UploadEntity | undefined;
}

/** What is kept in the bucket about pictures, besides the pictures. All of it are empty objects. */
export interface ReferenceKeys {
  /** The beginning of all keys that are about one picture. */
  folder(imageId: string): string;
  reference(imageId: string, holder: ReferenceHolder): string;
  /** A new one each time. */
  flag(imageId: string): string;
  isFlag(key: string): boolean;
  /** The beginning of all marks. */
  marks: string;
  /** Says that a picture has lost a reference, and since when. */
  mark(pictureName: string): string;
  /** The name of the picture that a mark is about; `undefined` if it is no mark. */
  markedName(key: string): string | undefined;
}

const MARKED = /^[0-9a-f]{32}\.[a-z0-9]{2,5}$/;
/** Sorts before all references, so that the first page of a listing has all flags. */
const FLAG = '.deleting-';
/** Of an upload that has no entity. It is no digest, so that no entity can be called so. */
const NO_ENTITY = 'upload';

/**
 * The names of references, marks and flags. What clients and the app have said is in them as digests: so none of it can leave the folder, be too
 * long, be taken for something else, or tell what should not be read in a key.
 * @param prefix of the pictures
 * @param project apps that share a bucket, such as two developers' copies, have their own references
 */
export function createReferenceKeys(prefix: string, project: string): ReferenceKeys {
  const start = prefix === '' ? '' : `${prefix}/`;
  const folder = (imageId: string) => `${start}refs/${imageId}/`;
  const marks = `${start}dropped/`;
  return {
    folder,
    reference: (imageId, { owner, entity }) =>
      `${folder(imageId)}${digestOf(project, owner)}-${entity === undefined ? NO_ENTITY : digestOf(entity.type, entity.id)}`,
    flag: (imageId) => `${folder(imageId)}${FLAG}${randomUUID()}`,
    isFlag: (key) => key.slice(key.lastIndexOf('/') + 1).startsWith(FLAG),
    marks,
    mark: (pictureName) => `${marks}${pictureName}`,
    markedName(key) {
      const name = key.slice(marks.length);
      return key.startsWith(marks) && MARKED.test(name) ? name : undefined;
    },
  };
}

/** Of two texts, as JSON, so that it is known where one ends. */
function digestOf(...texts: [string, string]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}
