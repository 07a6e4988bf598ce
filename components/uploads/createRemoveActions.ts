import { type Entity, toEntity } from './entity.ts';
import { imageIdOf, pictureOf } from './imageRef.ts';
import type { ImageUploads } from './imageUploads.ts';
import { type Picture, unknownImage, type Wish } from './outbox/removeIn.ts';
import type { JobStore } from './queue/createJobStore.ts';

interface RemoveParts {
  readonly jobs: JobStore;
  nextId(): string;
  /** A removal is durable: whoever sends is to tell it. */
  onRemoved(): void;
}

/** `removeImage()` and `removeEntity()` of `ImageUploads`. */
export function createRemoveActions({
  jobs,
  nextId,
  onRemoved,
}: RemoveParts): Pick<ImageUploads, 'removeImage' | 'removeEntity'> {
  async function remove(entity: Entity, pictures: readonly Picture[], others: Wish['others']): Promise<void> {
    await jobs.removePictures({ id: nextId(), entity: toEntity(entity), pictures, others });
    onRemoved();
  }

  return {
    async removeImage(entity, imageId) {
      await remove(entity, toPictures([imageId]), 'stay');
    },
    async removeEntity(entity, { imageIds = [] } = {}) {
      await remove(entity, toPictures(imageIds), 'all');
    },
  };
}

/** Without those that earlier apps have named by a UUID: a text may have some, and a server deletes none of them. */
function toPictures(pictures: readonly string[]): Picture[] {
  return pictures.filter((picture) => !imageIdOf(picture)?.includes('-')).map(toPicture);
}

function toPicture(text: string): Picture {
  const picture = pictureOf(text);
  if (!picture) throw unknownImage();
  return picture;
}
