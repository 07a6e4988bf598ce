import 'fake-indexeddb/auto';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import {
  createImageUploads,
  ImageUploadsProvider,
  UploadedImage,
  type UploadTransport,
  useImageUpload,
} from '../../../components/uploads/index.ts';

afterEach(cleanup);

const dot = Uint8Array.from(
  atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'),
  (character) => character.codePointAt(0) ?? 0,
);

/** Of your app. */
function AddPictures() {
  const { upload, uploads, error } = useImageUpload();
  return (
    <>
      <input type="file" aria-label="Pictures" onChange={({ target }) => upload(target.files ?? []).catch(() => {})} />
      {error && <p role="alert">{error.code}</p>}
      {uploads.map(({ jobId, ref, filename, status }) => (
        <figure key={jobId}>
          <UploadedImage imageRef={ref} alt="" /> {filename}: {status}
        </figure>
      ))}
    </>
  );
}

test('uploads the pictures that are picked', async () => {
  const sent: string[] = [];
  const transport: UploadTransport = {
    async send({ filename }, body) {
      sent.push(`${filename}, ${body.size} bytes`);
      return { state: 'stored' };
    },
  };
  // A project has a database of its own, and so has a test.
  const uploads = createImageUploads({ project: 'uploads the pictures', transport, urlOf: (ref) => ref });
  render(
    <ImageUploadsProvider uploads={uploads}>
      <AddPictures />
    </ImageUploadsProvider>,
  );
  const pick = (file: File) => fireEvent.change(screen.getByLabelText('Pictures'), { target: { files: [file] } });
  pick(new File([dot], 'dot.gif'));
  expect(await screen.findByText('dot.gif: uploaded')).toBeDefined();
  expect(sent).toEqual([`dot.gif, ${dot.length} bytes`]);
  pick(new File(['text'], 'notes.txt'));
  expect((await screen.findByRole('alert')).textContent).toBe('NOT_AN_IMAGE');
  await uploads.close();
});
