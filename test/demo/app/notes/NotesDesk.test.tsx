import { act, cleanup, createEvent, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UploadError } from 'vite-plugin-image-cache/uploads';
import { BucketPanel } from '../../../../demo/src/notes/BucketPanel.tsx';
import { createNoteStore, type NoteStore } from '../../../../demo/src/notes/createNoteStore.ts';
import { NotesDesk } from '../../../../demo/src/notes/NotesDesk.tsx';
import { picturesOf } from '../../../../demo/src/notes/useBucket.ts';
import { type FakeUploads, fakeUploads, REF, uploadOf } from '../../../components/uploads/react/fakeUploads.ts';

let notes: NoteStore;
let uploads: FakeUploads;
beforeEach(() => {
  localStorage.clear();
  let now = 1;
  notes = createNoteStore(localStorage, () => now++);
  uploads = fakeUploads();
});
afterEach(() => {
  cleanup();
  location.hash = '';
});

const URL_IN_BUCKET = `http://127.0.0.1:9179/private-photos/uploads/ab/${REF.split('/').at(-1)}`;
const picture = new File(['bytes'], 'Beach.png', { type: 'image/png' });
const field = () => screen.getByTestId<HTMLTextAreaElement>('note-text');
const open = (chosen?: string) => render(<NotesDesk notes={notes} uploads={uploads} chosen={chosen} />);

function noteWith(text: string): string {
  const { id } = notes.create();
  notes.edit(id, () => text);
  return id;
}

/** Pictures that are saved when the test says so. */
function holdUploads(): () => Promise<void> {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const { upload } = uploads;
  uploads.upload = vi.fn<typeof upload>(async (...args) => promise.then(() => upload(...args)));
  return async () => {
    await act(async () => {
      resolve();
      await promise;
    });
  };
}

const drop = async (element: HTMLElement, file = picture) => {
  const items = [{ kind: 'file', type: file.type, getAsFile: () => file }];
  await act(async () => {
    fireEvent.drop(element, { dataTransfer: { files: [file], items, types: ['Files'] } });
  });
};

test('without a note, it says what to do, and the first one is begun by a button', () => {
  open();
  fireEvent.click(screen.getByRole('button', { name: 'Write the first note' }));
  const [note] = notes.list();
  expect(location.hash).toBe(`#/notes/${note?.id}`);
  expect(document.activeElement).toBe(field());
  expect(screen.getByRole('link', { current: true }).textContent).toContain('A new note');
});

test('what is typed is saved with each letter, and is the title', () => {
  const id = noteWith('');
  open();
  fireEvent.change(field(), { target: { value: '# Monday' } });
  expect(notes.get(id)?.text).toBe('# Monday');
  expect(screen.getByRole('link', { current: true }).textContent).toContain('Monday');
  expect(screen.getByRole('heading', { name: 'Monday' })).toBeDefined();
});

test('a URL that is written into the note while the user types leaves the caret at its words', () => {
  const id = noteWith(`![](${REF}) and so on`);
  open();
  field().setSelectionRange(field().value.indexOf('so on'), field().value.length);
  act(() => notes.edit(id, (text) => text.replace(REF, URL_IN_BUCKET)));
  const { value, selectionStart, selectionEnd } = field();
  expect(value).toBe(`![](${URL_IN_BUCKET}) and so on`);
  expect(value.slice(selectionStart, selectionEnd)).toBe('so on');
});

test('a picture that is dropped stands where the caret is, and belongs to the note', async () => {
  const id = noteWith('before after');
  open();
  const upload = vi.spyOn(uploads, 'upload');
  field().setSelectionRange(7, 7);
  await drop(field());
  await expect.poll(() => notes.get(id)?.text).toBe(`before \n\n![Beach](${REF})\n\nafter`);
  expect(upload.mock.calls[0]?.[1]).toMatchObject({ entity: { type: 'note', id } });
  expect(screen.getByRole('img', { name: 'Beach' })).toBeDefined();
});

test('a picture that is safe only when the user has gone to another note goes into its own note', async () => {
  const own = noteWith('own');
  const other = noteWith('other');
  const save = holdUploads();
  const { rerender } = open(own);
  await drop(field());
  await expect.poll(() => uploads.upload).toHaveBeenCalled();
  rerender(<NotesDesk notes={notes} uploads={uploads} chosen={other} />);
  await save();
  await expect.poll(() => notes.get(own)?.text).toBe(`own\n\n![Beach](${REF})\n`);
  expect(notes.get(other)?.text).toBe('other');
  expect(field().value).toBe('other');
});

test('a file that is no picture is refused, and the user hears why', async () => {
  noteWith('');
  open();
  const refusal = new UploadError({ code: 'NOT_AN_IMAGE', message: 'notes.txt is no picture.' });
  vi.spyOn(uploads, 'upload').mockRejectedValue(refusal);
  await drop(field(), new File(['x'], 'notes.txt', { type: 'text/plain' }));
  expect((await screen.findByRole('alert')).textContent).toContain('notes.txt');
});

test('a picture on the clipboard is pasted as a picture; text that has a picture of itself stays text', async () => {
  const id = noteWith('');
  open();
  const paste = async (types: string[]) => {
    const event = createEvent.paste(field(), { clipboardData: { files: [picture], types } });
    await act(async () => {
      fireEvent(field(), event);
    });
    return event.defaultPrevented;
  };
  expect(await paste(['text/plain', 'text/html', 'Files'])).toBe(false);
  expect(notes.get(id)?.text).toBe('');
  expect(await paste(['Files'])).toBe(true);
  await expect.poll(() => notes.get(id)?.text).toBe(`![Beach](${REF})\n\n`);
});

test('a picture that is pasted by its reference, or its URL in the bucket, belongs to this note, too; what was there already is not said again', async () => {
  const added = vi.spyOn(uploads, 'addImage');
  const id = noteWith(`![](${REF})`);
  open();
  fireEvent.change(field(), { target: { value: `![](${REF}) and more` } });
  expect(added).not.toHaveBeenCalled();
  cleanup();
  const other = noteWith('Pasted: ');
  open(other);
  fireEvent.change(field(), { target: { value: `Pasted: ![](${URL_IN_BUCKET})` } });
  expect(added.mock.calls).toEqual([[{ type: 'note', id: other, serverId: undefined }, REF]]);
  added.mockRejectedValueOnce(new UploadError({ code: 'OUTBOX_FULL', message: 'There is no room.' }));
  fireEvent.change(field(), { target: { value: 'Nothing.' } });
  fireEvent.change(field(), { target: { value: `Undone: ![](${REF})` } });
  expect((await screen.findByTestId('refused')).textContent).toContain('There is no room.');
  expect(notes.get(id)?.text).toContain('and more');
});

test('a picture is removed from the note and from its entity, unless the text shows it twice', () => {
  const id = noteWith(`![Beach](${REF})\n\n![Again](${URL_IN_BUCKET})`);
  uploads.set([uploadOf({ status: 'uploaded' })]);
  const removeImage = vi.spyOn(uploads, 'removeImage');
  open();
  fireEvent.click(screen.getByRole('button', { name: 'Remove the picture Beach' }));
  expect(removeImage).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Remove the picture Again' }));
  expect(removeImage).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ type: 'note', id }), REF);
  expect(notes.get(id)?.text.trim()).toBe('');
});

test('a note is deleted when the user says so, and is known until its pictures are gone, too', () => {
  const id = noteWith(`Gone ![Beach](${URL_IN_BUCKET})`);
  const ask = vi.fn<(question: string) => boolean>(() => false);
  vi.stubGlobal('confirm', ask);
  try {
    open();
    fireEvent.click(screen.getByTestId('delete-note'));
    expect(notes.list()).toHaveLength(1);
    ask.mockReturnValue(true);
    fireEvent.click(screen.getByTestId('delete-note'));
    expect(notes.list()).toEqual([]);
    expect(notes.unsynced()).toMatchObject([{ id, isDeleted: true, text: expect.stringContaining(URL_IN_BUCKET) }]);
    expect(screen.getByTestId('no-notes')).toBeDefined();
    expect(document.activeElement).toBe(screen.getByTestId('new-note'));
  } finally {
    vi.unstubAllGlobals();
  }
});

test('nothing that a note says becomes HTML or is loaded from elsewhere', () => {
  noteWith('<img src=x onerror=alert(1)> ![x](javascript:alert(1)) ![y](https://evil.example/track.gif)');
  const { container } = open();
  expect(container.querySelectorAll('img')).toHaveLength(0);
  expect(screen.getByTestId('preview').textContent).toContain('<img src=x onerror=alert(1)>');
});

test("the bucket's listing is put together by picture", () => {
  const id = 'ab'.repeat(16);
  const objects = [
    { key: `uploads/ab/${id}.png`, size: 2_000 },
    { key: `uploads/refs/${id}/~-note~1`, size: 0 },
    { key: `uploads/refs/${id}/~-note~2`, size: 0 },
    { key: `uploads/refs/${id}/.deleting-1`, size: 0 },
    { key: `uploads/dropped/${'cd'.repeat(16)}.jpg`, size: 0 },
  ];
  const { rerender } = render(<BucketPanel pictures={picturesOf({ objects })} />);
  expect(screen.getByTestId('bucket-line').textContent).toBe('It has 1 picture.');
  expect(screen.getAllByTestId('object').map(({ textContent }) => textContent)).toEqual([
    `${id}.png2 kB · used 2 times`,
    `${'cd'.repeat(16)}.jpgnot there yet · nothing uses it · about to be deleted`,
  ]);
  rerender(<BucketPanel pictures="away" />);
  expect(screen.getByTestId('bucket-line').textContent).toBe('It does not answer at the moment.');
});
