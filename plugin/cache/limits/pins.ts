import type { SharedManifest } from '../manifest/sharedManifest.ts';

/** Images that are never evicted: single images, and all that an actor has now and later. */
export class Pins {
  readonly #manifest: SharedManifest;

  constructor(manifest: SharedManifest) {
    this.#manifest = manifest;
  }

  /** Returns the number of images that the actor has. */
  async setActor(actor: string, pinned: boolean): Promise<number> {
    await this.#manifest.open();
    const { store } = this.#manifest;
    await store.append({ op: 'pin', target: { actor }, pinned });
    return store.index.keysOf(actor).size;
  }

  /** Returns 1, or 0 if the image is not cached. */
  async setImage(key: string, pinned: boolean): Promise<number> {
    if ((await this.#manifest.refreshed()).get(key) === undefined) return 0;
    const { store } = this.#manifest;
    await store.append({ op: 'pin', target: { key }, pinned });
    return store.index.get(key) === undefined ? 0 : 1;
  }
}
