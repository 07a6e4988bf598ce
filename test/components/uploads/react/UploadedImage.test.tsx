import { act, cleanup, fireEvent, render } from '@testing-library/react';
import { StrictMode } from 'react';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { setCredentials } from '../../../../components/client/crossOrigin.ts';
import { ImageUploadsProvider } from '../../../../components/uploads/react/ImageUploadsProvider.tsx';
import { UploadedImage, type UploadedImageProps } from '../../../../components/uploads/react/UploadedImage.tsx';
import { type FakeUploads, fakeUploads, REF, uploadOf } from './fakeUploads.ts';

const REMOTE = `http://server.test${REF}`;
const REF_OF_OTHER = `/api/cache/i/${'cd'.repeat(16)}.png`;

let urls: Set<string>;
let made: number;
/** Ends the loading of each image that is loaded ahead. */
let decoding: { url: string; end(hasCome: boolean): void }[];

beforeEach(() => {
  vi.useFakeTimers();
  urls = new Set();
  made = 0;
  decoding = [];
  vi.stubGlobal(
    'URL',
    Object.assign(URL, {
      createObjectURL: () => {
        made += 1;
        urls.add(`blob:${made}`);
        return `blob:${made}`;
      },
      revokeObjectURL: (url: string) => urls.delete(url),
    }),
  );
  vi.stubGlobal(
    'Image',
    class {
      src = '';
      decode = async (): Promise<void> =>
        new Promise((resolve, reject) => {
          decoding.push({ url: this.src, end: (hasCome) => (hasCome ? resolve() : reject(new Error('broken'))) });
        });
    },
  );
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = (ms = 0): Promise<void> => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

function show(
  fake: FakeUploads,
  refs: readonly (string | undefined)[] = [REF],
  props: Partial<UploadedImageProps> = {},
) {
  const page = (shown: readonly (string | undefined)[]) => (
    <StrictMode>
      <ImageUploadsProvider uploads={fake}>
        {shown.map((imageRef, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- the same element is to show another picture
          <UploadedImage key={index} imageRef={imageRef} alt="A beach" data-testid="img" {...props} />
        ))}
      </ImageUploadsProvider>
    </StrictMode>
  );
  const view = render(page(refs));
  const img = (): HTMLImageElement => view.container.querySelector('img') ?? document.createElement('img');
  return {
    img,
    rerender: (shown: readonly (string | undefined)[]) => view.rerender(page(shown)),
    unmount: view.unmount,
  };
}

function localPicture(): FakeUploads {
  const fake = fakeUploads();
  fake.bytes.set(REF, new Blob(['bytes']));
  fake.set([uploadOf()]);
  return fake;
}

test('the local picture at once; the remote one in the same element, after it has been loaded and decoded', async () => {
  const fake = localPicture();
  const { img } = show(fake);
  await settle();
  const element = img();
  expect(element.getAttribute('src')).toBe('blob:1');
  expect([element.dataset['source'], element.dataset['status']]).toEqual(['browser', 'pending']);

  fake.bytes.clear();
  act(() => fake.set([uploadOf({ status: 'uploaded', places: ['bucket'] })]));
  await settle();
  // Nothing changes before the other one is there.
  expect(element.getAttribute('src')).toBe('blob:1');
  expect([...urls]).toEqual(['blob:1']);
  expect(decoding.at(-1)?.url).toBe(REMOTE);
  for (const { end } of decoding) end(true);
  await settle();
  expect(img()).toBe(element);
  expect(element.getAttribute('src')).toBe(REMOTE);
  expect([element.dataset['source'], element.dataset['status']]).toEqual(['server', 'uploaded']);
  await settle(1_000);
  expect([...urls]).toEqual([]);
});

test('a remote picture that does not come leaves the local one in place, and is tried again', async () => {
  const fake = localPicture();
  const { img } = show(fake);
  await settle();
  act(() => fake.set([uploadOf({ status: 'uploaded', places: ['bucket'] })]));
  await settle();
  for (const { end } of decoding) end(false);
  const tries = decoding.length;
  await settle(1_000);
  expect(img().getAttribute('src')).toBe('blob:1');
  expect(decoding.length).toBeGreaterThan(tries);
  for (const { end } of decoding) end(true);
  await settle();
  expect(img().getAttribute('src')).toBe(REMOTE);
});

test('a picture of which this browser has nothing is shown from the server', async () => {
  const { img } = show(fakeUploads());
  await settle();
  expect(img().getAttribute('src')).toBe(REMOTE);
  expect(decoding).toEqual([]);
});

test('N3: a picture that can be shown from nowhere is missing, and developers are told what to set, once', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const fake = fakeUploads();
  fake.urlOf = () => undefined;
  fake.isReady = false;
  const { img, rerender } = show(fake);
  await settle();
  expect([img().dataset['status'], warn.mock.calls.length]).toEqual([undefined, 0]);
  fake.isReady = true;
  act(() => fake.set([]));
  await settle();
  rerender([REF_OF_OTHER]);
  await settle();
  expect([img().dataset['status'], img().hasAttribute('src')]).toEqual(['missing', false]);
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/cannot show \/api\/cache\/i\/abab.*`urlOf`/)]]);
  // It is picked here, too.
  fake.bytes.set(REF, new Blob(['bytes']));
  act(() => fake.set([uploadOf()]));
  rerender([REF]);
  await settle();
  expect([img().dataset['status'], img().dataset['source']]).toEqual(['pending', 'browser']);
  warn.mockRestore();
});

test('the server is not asked before it is known what is in the browser', async () => {
  const fake = localPicture();
  fake.isReady = false;
  const { img } = show(fake);
  await settle();
  expect(img().hasAttribute('src')).toBe(false);
  fake.isReady = true;
  act(() => fake.set([...fake.list()]));
  await settle();
  expect(img().getAttribute('src')).toBe('blob:1');
});

test('elements of the same picture share one URL, which is revoked after the last is gone', async () => {
  const fake = localPicture();
  const { rerender, unmount } = show(fake, [REF, REF, REF]);
  await settle();
  expect(made).toBe(1);
  rerender([REF]);
  await settle(5_000);
  expect(urls.size).toBe(1);
  unmount();
  await settle(1_000);
  expect(urls.size).toBe(0);
});

test('no URL is left when references change quickly', async () => {
  const fake = localPicture();
  fake.bytes.set(REF_OF_OTHER, new Blob(['other']));
  fake.set([uploadOf(), uploadOf({ jobId: '2', imageId: 'cd'.repeat(16), ref: REF_OF_OTHER })]);
  const { img, rerender } = show(fake);
  rerender([REF_OF_OTHER]);
  rerender([REF]);
  rerender([REF_OF_OTHER]);
  // Preact renders at the end of an act.
  await settle();
  await settle();
  await settle(2_000);
  expect(urls.size).toBe(1);
  expect(urls.has(img().getAttribute('src') ?? '')).toBe(true);
});

test('a picture that the server does not show is shown from the browser, if that has it', async () => {
  const fake = fakeUploads();
  const { img } = show(fake);
  await settle();
  fake.bytes.set(REF, new Blob(['bytes']));
  fireEvent.error(img());
  await settle();
  expect(img().getAttribute('src')).toBe('blob:1');
});

test('without a reference there is an image without a source', async () => {
  const { img } = show(fakeUploads(), [undefined]);
  await settle();
  expect(img().hasAttribute('src')).toBe(false);
});

describe('C25: a reference that resolves nowhere', () => {
  function answers(status: number | undefined): ReturnType<typeof vi.fn> {
    const fetched = vi.fn<typeof fetch>(async () => {
      if (status === undefined) throw new TypeError('Failed to fetch');
      return new Response(null, { status });
    });
    vi.stubGlobal('fetch', fetched);
    return fetched;
  }

  test('says that it is missing, with the name and date that the app has kept', async () => {
    const fetched = answers(404);
    const createdAt = new Date(2026, 10, 30).getTime();
    const { img } = show(fakeUploads(), [REF], { filename: 'Beach.png', createdAt });
    await settle();
    expect([img().dataset['status'], img().alt]).toEqual([undefined, 'A beach']);
    fireEvent.error(img());
    await settle();
    expect(fetched).toHaveBeenCalledWith(REMOTE, { method: 'HEAD', credentials: 'same-origin' });
    expect([img().dataset['status'], img().alt]).toEqual([
      'missing',
      'A beach (Beach.png, added on November 30, 2026, is missing.)',
    ]);
  });

  test('says what this tab still knows of its upload, in the words of the app', async () => {
    answers(404);
    const fake = fakeUploads();
    fake.set([uploadOf({ status: 'missing', places: [], filename: 'Meer.png', createdAt: 5 })]);
    const { img } = show(fake, [REF], {
      alt: '',
      missingText: ({ filename, createdAt }) => `${filename} vom ${createdAt} fehlt.`,
    });
    await settle();
    fireEvent.error(img());
    await settle();
    expect([img().dataset['status'], img().alt]).toEqual(['missing', 'Meer.png vom 5 fehlt.']);
  });

  test.each([undefined, 500, 503, 401, 403, 200])(
    'a server that answers %s has not said that it is gone',
    async (status) => {
      answers(status);
      const { img } = show(fakeUploads());
      await settle();
      fireEvent.error(img());
      await settle();
      expect([img().dataset['status'], img().alt]).toEqual([undefined, 'A beach']);
    },
  );

  test('where there is no server, it says what is known of its upload', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const fetched = answers(404);
    const fake = fakeUploads();
    fake.urlOf = () => undefined;
    const { img } = show(fake);
    await settle();
    expect([img().dataset['status'], img().alt]).toEqual(['missing', 'A beach (This picture is missing.)']);
    act(() => fake.set([uploadOf({ status: 'missing', places: [] })]));
    await settle();
    expect(img().alt).toContain('Beach.png');
    expect(fetched).not.toHaveBeenCalled();
  });

  test('that is picked again is shown, and is missing no more', async () => {
    answers(404);
    const fake = fakeUploads();
    const { img } = show(fake);
    await settle();
    fireEvent.error(img());
    await settle();
    expect(img().dataset['status']).toBe('missing');
    fake.bytes.set(REF, new Blob(['bytes']));
    act(() => fake.set([uploadOf()]));
    await settle();
    expect([img().dataset['status'], img().alt, img().getAttribute('src')]).toEqual(['pending', 'A beach', 'blob:1']);
  });
});

test('a server of another origin that is sent cookies is sent them for pictures, too', async () => {
  setCredentials('http://server.test/api/cache', 'include');
  onTestFinished(() => setCredentials('http://server.test/api/cache', 'same-origin'));
  const { img } = show(fakeUploads());
  await settle();
  expect(img().crossOrigin).toBe('use-credentials');
});
