import { expectTypeOf, test } from 'vitest';
import {
  createImageUploads,
  type ImageUploads,
  ImageUploadsProvider,
  presignedTransport,
  serverTransport,
  type Upload,
  UploadedImage,
  UploadError,
  UploadList,
  type UploadTransport,
  useImageUpload,
  useUploads,
} from 'vite-plugin-image-cache/uploads';

// Never run: that it compiles is the test.

test('each transport is one, and so is an object of the app’s own', () => {
  expectTypeOf(serverTransport({ base: '/api/cache' })).toExtend<UploadTransport>();
  expectTypeOf(presignedTransport({ sign: ({ key }) => ({ url: key }) })).toExtend<UploadTransport>();
  expectTypeOf(
    createImageUploads({ transport: { send: async () => ({ state: 'stored' }) } }),
  ).toEqualTypeOf<ImageUploads>();
  // @ts-expect-error that the bucket has it must be said
  createImageUploads({ transport: { send: async () => undefined } });
  void new UploadError({ code: 'REFUSED', message: 'No.', kind: 'transient', retryAfterMs: 1_000 });
});

test('a list of files, files and blobs are uploaded', () => {
  const { upload } = useImageUpload();
  expectTypeOf(upload(new File([], 'a.png'))).resolves.toEqualTypeOf<Upload[]>();
  void upload([new Blob([])], { filename: 'a.png' });
  void upload(document.querySelector('input')?.files ?? []);
  // @ts-expect-error a name is no picture
  void upload('a.png');
});

test('components', () => {
  const failed = useUploads(({ status }) => status === 'failed');
  void (
    <ImageUploadsProvider owner="ann" prepare={{ strip: 'all', maxEdge: 2_048, format: 'webp' }}>
      <UploadList uploads={failed} texts={{ retry: 'Noch einmal' }} className="list" />
      <UploadedImage imageRef={failed[0]?.ref} alt="" width={1} />
      {/* @ts-expect-error every picture says what it shows */}
      <UploadedImage imageRef="/api/cache/i/a.png" />
    </ImageUploadsProvider>
  );
});
