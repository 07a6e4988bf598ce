import { completed, openOfflineDatabase, resultOf } from './openOfflineDatabase.ts';

/** What is known about a kept picture. Its bytes are in a store of their own, so that this can be written again without them. */
export interface OfflineImage {
  /** The picture and its variant. */
  readonly key: string;
  /** Names the object, whatever its signature and variant: see `pictureId.ts`. */
  readonly picture: string;
  /** Its URL without a signature, as far as it is known. */
  readonly url?: string | undefined;
  /** The path by which our server has served it. */
  readonly path?: string | undefined;
  /** The first half of the SHA-256 of the original's bytes, if the server has said it. */
  readonly digest?: string | undefined;
  /** Whether it came from our server, and not from the bucket. */
  readonly isServed: boolean;
  /** The user for whom it is kept; empty for a picture that anybody may see. */
  readonly user: string;
  /** In bytes. */
  readonly size: number;
  /** When it was fetched, and when it was last shown, in milliseconds since the epoch. */
  readonly stored: number;
  readonly used: number;
}

/** For whom pictures are kept. */
export interface OfflineSession {
  /** The user whose private pictures are kept; `undefined` for nobody. */
  readonly user?: string | undefined;
  /** Changes whenever pictures are removed on purpose. What was requested before that is not kept. */
  readonly generation: number;
}

/** What the store has for a request. */
export interface Look {
  /** All variants of the picture. */
  readonly images: readonly OfflineImage[];
  /** The bytes of the variant that was asked for. */
  readonly body: Blob | undefined;
  readonly session: OfflineSession;
}

/** Whether the pages of a bucket can read its answers (CORS), and since when that is known. */
export interface Readable {
  readonly ok: boolean;
  readonly at: number;
}

/** What is remembered besides pictures. */
interface State {
  session: OfflineSession;
  /** Of the last event of a server that was taken in, by its URL. */
  [lastEventId: `event ${string}`]: string;
  /** By the beginning of the bucket's URLs. */
  [readable: `readable ${string}`]: Readable;
}

/** Pictures that the browser keeps for offline pages. Everything rejects when there is no storage. */
export interface OfflineStore {
  look(picture: Pick<OfflineImage, 'picture' | 'key'>): Promise<Look>;
  /** Keeps a picture, unless pictures were removed on purpose since then. @returns whether it is kept */
  put(image: OfflineImage, body: Blob, session: OfflineSession): Promise<boolean>;
  /** Notes that a picture was shown. */
  touch(key: string, used: number): Promise<void>;
  /** Removes what is meant, and what is on its way is not kept any more. */
  remove(isMeant: (image: OfflineImage) => boolean): Promise<void>;
  /** Removes the pictures of all other users. */
  setUser(user: string | undefined): Promise<void>;
  /** All pictures, those that were not shown for longest first. */
  list(): Promise<OfflineImage[]>;
  /** Removes pictures, without any effect on those that are on their way. */
  evict(keys: readonly string[]): Promise<void>;
  recall<Name extends keyof State>(name: Name): Promise<State[Name] | undefined>;
  remember<Name extends keyof State>(name: Name, value: State[Name]): Promise<void>;
  close(): Promise<void>;
}

type Work<T> = (transaction: IDBTransaction) => Promise<T>;

/** @param create `false`: if nothing was ever kept, everything rejects, and nothing is left behind */
export function createOfflineStore(create = true): OfflineStore {
  let opened: Promise<IDBDatabase> | undefined;

  function open(): Promise<IDBDatabase> {
    const opening = (opened ??= openOfflineDatabase(() => (opened = undefined), create));
    // The next request may find that storage is there again.
    opening.catch(() => (opened = undefined));
    return opening;
  }

  async function begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    const database = await open();
    try {
      return database.transaction(['images', 'bodies', 'state'], mode);
    } catch (error) {
      // The connection was lost in this moment.
      opened = undefined;
      throw error;
    }
  }

  async function read<T>(work: Work<T>): Promise<T> {
    return work(await begin('readonly'));
  }

  async function write<T>(work: Work<T>): Promise<T> {
    const transaction = await begin('readwrite');
    const done = completed(transaction);
    const working = work(transaction).catch((error: unknown) => {
      abort(transaction);
      throw error;
    });
    await Promise.allSettled([working, done]);
    // Rejects with the reason, e.g. that there is no room. A request of the transaction knows only that it has ended.
    await done;
    return working;
  }

  const get = <T>(transaction: IDBTransaction, store: string, key: string): Promise<T | undefined> =>
    resultOf<T | undefined>(transaction.objectStore(store).get(key));

  const sessionIn = async (transaction: IDBTransaction): Promise<OfflineSession> =>
    (await get<OfflineSession>(transaction, 'state', 'session')) ?? { generation: 0 };

  const all = (transaction: IDBTransaction): Promise<OfflineImage[]> =>
    resultOf<OfflineImage[]>(transaction.objectStore('images').index('used').getAll());

  function drop(transaction: IDBTransaction, keys: readonly string[]): void {
    for (const key of keys) {
      transaction.objectStore('images').delete(key);
      transaction.objectStore('bodies').delete(key);
    }
  }

  /** @param change of the session, besides its generation */
  async function removeIn(
    transaction: IDBTransaction,
    isMeant: (image: OfflineImage) => boolean,
    change?: Pick<OfflineSession, 'user'>,
  ): Promise<void> {
    const [images, session] = await Promise.all([all(transaction), sessionIn(transaction)]);
    drop(
      transaction,
      images.filter(isMeant).map(({ key }) => key),
    );
    const next: OfflineSession = { ...session, ...change, generation: session.generation + 1 };
    transaction.objectStore('state').put(next, 'session');
  }

  return {
    look: ({ picture, key }) =>
      read(async (transaction) => {
        const [images, body, session] = await Promise.all([
          resultOf<OfflineImage[]>(transaction.objectStore('images').index('picture').getAll(picture)),
          get<Blob>(transaction, 'bodies', key),
          sessionIn(transaction),
        ]);
        return { images, body, session };
      }),
    put: (image, body, { generation }) =>
      write(async (transaction) => {
        const now = await sessionIn(transaction);
        const isMeant = now.generation === generation && (image.user === '' || image.user === now.user);
        if (!isMeant) return false;
        transaction.objectStore('images').put(image);
        transaction.objectStore('bodies').put(body, image.key);
        return true;
      }),
    touch: (key, used) =>
      write(async (transaction) => {
        const image = await get<OfflineImage>(transaction, 'images', key);
        if (image) transaction.objectStore('images').put({ ...image, used });
      }),
    remove: (isMeant) => write((transaction) => removeIn(transaction, isMeant)),
    setUser: (user) =>
      write(async (transaction) => {
        if ((await sessionIn(transaction)).user === user) return;
        await removeIn(transaction, (image) => image.user !== '' && image.user !== user, { user });
      }),
    list: () => read(all),
    evict: (keys) => write(async (transaction) => drop(transaction, keys)),
    recall: (name) => read((transaction) => get(transaction, 'state', name)),
    remember: (name, value) => write(async (transaction) => void transaction.objectStore('state').put(value, name)),
    async close() {
      const database = await opened?.catch(() => undefined);
      opened = undefined;
      database?.close();
    },
  };
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}
