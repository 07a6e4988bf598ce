/** URLs of pictures that the browser holds, shared by all elements that show the same one. */
export interface ObjectUrls {
  /** `undefined` when the browser does not have the bytes. Unless it is retained within a second, it is revoked again. */
  open(imageRef: string): Promise<string | undefined>;
  /** An element shows it. @returns a function that says that it does not any more */
  retain(url: string): () => void;
}

/** Between the end of one element and the beginning of another (a list that is sorted anew, React's StrictMode) a URL stays. */
const KEEP_MS = 1_000;

interface OpenedUrl {
  readonly url: string;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export function createObjectUrls(bytesOf: (imageRef: string) => Promise<Blob | undefined>): ObjectUrls {
  const byRef = new Map<string, Promise<OpenedUrl | undefined>>();
  const byUrl = new Map<string, { imageRef: string; opened: OpenedUrl }>();

  async function make(imageRef: string): Promise<OpenedUrl | undefined> {
    const bytes = await bytesOf(imageRef).catch(() => undefined);
    // jsdom makes no such URLs.
    if (!bytes || !('createObjectURL' in URL)) {
      byRef.delete(imageRef);
      return undefined;
    }
    const opened: OpenedUrl = { url: URL.createObjectURL(bytes), users: 0, timer: undefined };
    byUrl.set(opened.url, { imageRef, opened });
    return opened;
  }

  function revokeSoon(imageRef: string, opened: OpenedUrl): void {
    clearTimeout(opened.timer);
    if (opened.users > 0) return;
    opened.timer = setTimeout(() => {
      byRef.delete(imageRef);
      byUrl.delete(opened.url);
      URL.revokeObjectURL(opened.url);
    }, KEEP_MS);
  }

  return {
    async open(imageRef) {
      const opening = byRef.get(imageRef) ?? make(imageRef);
      byRef.set(imageRef, opening);
      const opened = await opening;
      if (opened) revokeSoon(imageRef, opened);
      return opened?.url;
    },
    retain(url) {
      const known = byUrl.get(url);
      if (!known) return () => {};
      const { imageRef, opened } = known;
      clearTimeout(opened.timer);
      opened.users += 1;
      return () => {
        opened.users -= 1;
        revokeSoon(imageRef, opened);
      };
    },
  };
}
