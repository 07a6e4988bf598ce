import { act, cleanup, render, renderHook, screen } from '@testing-library/react';
import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, test } from 'vitest';
import { ImageUploadsProvider } from '../../../../components/uploads/react/ImageUploadsProvider.tsx';
import { UploadBadge } from '../../../../components/uploads/react/UploadBadge.tsx';
import { UploadList } from '../../../../components/uploads/react/UploadList.tsx';
import { useImageUpload } from '../../../../components/uploads/react/useImageUpload.ts';
import { useEntityImages } from '../../../../components/uploads/react/useEntityImages.ts';
import { useUpload, useUploads } from '../../../../components/uploads/react/useUploads.ts';
import { useUploadStatus } from '../../../../components/uploads/react/useUploadStatus.ts';
import { fakeUploads, uploadOf } from './fakeUploads.ts';

afterEach(cleanup);

function setUp() {
  const uploads = fakeUploads();
  const wrapper = ({ children }: { children: React.ReactNode }) => (
    <ImageUploadsProvider uploads={uploads}>{children}</ImageUploadsProvider>
  );
  return { uploads, wrapper };
}

test('useImageUpload has the pictures that were picked there, in their order', async () => {
  const { uploads, wrapper } = setUp();
  uploads.set([uploadOf({ jobId: '0', filename: 'Other.png' })]);
  const { result } = renderHook(() => useImageUpload(), { wrapper });
  expect(result.current).toMatchObject({ uploads: [], isBusy: false });
  await act(async () => void (await result.current.upload([new File(['a'], 'a.png'), new File(['b'], 'b.png')])));
  expect(result.current.uploads.map(({ filename }) => filename)).toEqual(['a.png', 'b.png']);
  expect(result.current.isBusy).toBe(true);
  act(() => uploads.set(uploads.list().map(({ jobId }) => uploadOf({ jobId, status: 'uploaded' }))));
  expect(result.current.isBusy).toBe(false);
});

test('useImageUpload tells why a file was refused, and keeps the good ones of the call', async () => {
  const { wrapper } = setUp();
  const { result } = renderHook(() => useImageUpload(), { wrapper });
  await act(async () => {
    await expect(result.current.upload([new File(['a'], 'a.png'), new File(['b'], 'b.txt')])).rejects.toThrow(
      'no picture',
    );
  });
  expect(result.current).toMatchObject({ error: { code: 'NOT_AN_IMAGE' }, uploads: [{ filename: 'a.png' }] });
  await act(async () => void (await result.current.upload(new File(['c'], 'c.png'))));
  expect(result.current.error).toBeUndefined();
});

test('useUploads filters, useUpload finds one', () => {
  const { uploads, wrapper } = setUp();
  uploads.set([uploadOf({ jobId: '2', status: 'failed' }), uploadOf({ jobId: '1' })]);
  const failed = renderHook(() => useUploads(({ status }) => status === 'failed'), { wrapper });
  expect(failed.result.current.map(({ jobId }) => jobId)).toEqual(['2']);
  const one = renderHook(() => useUpload('1'), { wrapper });
  expect(one.result.current?.status).toBe('pending');
  act(() => uploads.set([uploadOf({ jobId: '1', status: 'uploaded' })]));
  expect(one.result.current?.status).toBe('uploaded');
});

test('useEntityImages has the pictures of its entity, and renders anew with those only', () => {
  const { uploads, wrapper } = setUp();
  const note = { type: 'note', id: 'a' };
  uploads.set([uploadOf({ jobId: '2', entity: { type: 'note', id: 'b' } }), uploadOf({ entity: note })]);
  let renders = 0;
  const { result } = renderHook(
    () => {
      renders += 1;
      // As apps write it: another object with each render.
      return useEntityImages({ ...note });
    },
    { wrapper },
  );
  expect(result.current).toMatchObject({ pendingImageCount: 1, uploads: [{ jobId: '1' }] });
  const [other, own] = uploads.list();
  act(() => uploads.set([uploadOf({ ...other, status: 'uploaded' }), own ?? uploadOf()]));
  expect(renders).toBe(1);
  act(() => uploads.set([uploadOf({ entity: note, status: 'uploaded', s3Url: 'https://b.test/a.png' })]));
  expect(result.current).toMatchObject({ pendingImageCount: 0, syncedImageUrls: ['https://b.test/a.png'] });
});

test('useEntityImages without an entity, and on a server, has none', () => {
  const { wrapper } = setUp();
  const { result } = renderHook(() => useEntityImages(undefined), { wrapper });
  expect(result.current).toMatchObject({ uploads: [], hasUnsyncedImages: false });
});

test('useUploadStatus follows', () => {
  const { uploads, wrapper } = setUp();
  const { result } = renderHook(() => useUploadStatus(), { wrapper });
  act(() => uploads.set([uploadOf()], { network: 'offline' }));
  expect(result.current).toMatchObject({ network: 'offline', counts: { pending: 1 } });
});

test('a hook without a provider says what is missing', () => {
  expect(() => renderHook(() => useUploads())).toThrow('<ImageUploadsProvider>');
});

test('a server renders no uploads, and starts nothing', () => {
  const html = renderToString(
    <ImageUploadsProvider>
      <UploadList />
      <UploadBadge />
    </ImageUploadsProvider>,
  );
  expect(html).toContain('<output></output>');
  expect(html).toContain('data-status="idle"');
});

test('without storage, as in some private windows, the page works all the same', async () => {
  render(
    <StrictMode>
      <ImageUploadsProvider>
        <UploadBadge data-testid="badge" />
      </ImageUploadsProvider>
    </StrictMode>,
  );
  // jsdom has no IndexedDB.
  await act(async () => {});
  expect(screen.getByTestId('badge').dataset['status']).toBe('idle');
});
