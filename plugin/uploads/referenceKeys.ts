import { createHash, randomUUID } from 'node:crypto';
import type { UploadEntity } from '../uploadProtocol.ts';

/** An entity of an owner. */
export interface EntityHolder {
  owner: string;
  entity: UploadEntity;
}

/**
 * That an upload has given an entity a picture; without an entity, its owner. An entity may have a picture by several uploads: it has it until all
 * of them are taken back.
 */
export interface Reference {
  owner: string;
  entity?: UploadEntity | undefined;
  job_id: string;
}

/** What is kept in the bucket about pictures, besides the pictures. All of it are empty objects. */
export interface ReferenceKeys {
  /** The beginning of all keys that are about one picture. */
  folder(imageId: string): string;
  /** A name that no other upload writes: so who removes a reference never removes one that was written after he looked. */
  reference(imageId: string, reference: Reference): string;
  /** The beginning of all references of an entity to a picture. */
  ofEntity(imageId: string, holder: EntityHolder): string;
  /** The upload that has written a reference; `undefined` for one of an earlier version, which had none in its name. */
  jobOf(reference: string): string | undefined;
  /** A new one each time. */
  flag(imageId: string): string;
  isFlag(key: string): boolean;
  /** The beginning of all marks. */
  marks: string;
  /** Says that a picture has lost a reference, and since when. */
  mark(pictureName: string): string;
  /** The name of the picture that a mark is about; `undefined` if it is no mark. */
  markedName(key: string): string | undefined;
  /** A note among the marks that somebody is about to take one away. A new one each time. */
  unmarking(pictureName: string): string;
  /** The name of the picture that such a note is about; `undefined` if it is no such note. */
  unmarkingName(key: string): string | undefined;
}

const MARKED = /^[0-9a-f]{32}\.[a-z0-9]{2,5}$/;
/** Sorts before all marks. */
const UNMARKING = '.unmarking-';
/** Sorts before all references, so that the first page of a listing has all flags. */
const FLAG = '.deleting-';
/** Of uploads that have no entity: one for all of them, because nothing takes it back. It is no digest, so that no entity can be called so. */
const NO_ENTITY = 'upload';
const UUID_LENGTH = 36;
const JOB = /\/[0-9a-f]{32}-[0-9a-f]{32}-([0-9a-f]{32})$/;

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
  const ofEntity: ReferenceKeys['ofEntity'] = (imageId, { owner, entity }) =>
    `${folder(imageId)}${digestOf(project, owner)}-${digestOf(entity.type, entity.id)}`;
  return {
    folder,
    reference: (imageId, { owner, entity, job_id }) =>
      entity === undefined
        ? `${folder(imageId)}${digestOf(project, owner)}-${NO_ENTITY}`
        : `${ofEntity(imageId, { owner, entity })}-${job_id}`,
    ofEntity,
    jobOf: (reference) => JOB.exec(reference)?.[1],
    flag: (imageId) => `${folder(imageId)}${FLAG}${randomUUID()}`,
    isFlag: (key) => key.slice(key.lastIndexOf('/') + 1).startsWith(FLAG),
    marks,
    mark: (pictureName) => `${marks}${pictureName}`,
    markedName(key) {
      const name = key.slice(marks.length);
      return key.startsWith(marks) && MARKED.test(name) ? name : undefined;
    },
    unmarking: (pictureName) => `${marks}${UNMARKING}${pictureName}-${randomUUID()}`,
    unmarkingName(key) {
      const start = `${marks}${UNMARKING}`;
      const name = key.slice(start.length, -UUID_LENGTH - 1);
      return key.startsWith(start) && MARKED.test(name) ? name : undefined;
    },
  };
}

/** Of two texts, as JSON, so that it is known where one ends. */
function digestOf(...texts: [string, string]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}
