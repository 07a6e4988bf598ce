import { expect, test } from 'vitest';
import { pictureMarkdown, titleOf } from '../../../../demo/src/notes/note.ts';
import { parseNote } from '../../../../demo/src/notes/parseNote.ts';

const name = `${'a1'.repeat(16)}.jpg`;
const ref = `/api/cache/i/${name}`;
const url = `http://127.0.0.1:9179/private-photos/uploads/a1/${name}`;
const note = { id: '0123456789abcdef', version: 1, syncedVersion: 0, createdAt: 0 };

test('a note is headings, paragraphs and pictures, and everything else is text', () => {
  const source = `![A house](${ref})`;
  expect(parseNote(`# Monday\nIt <b>rained</b>.\nAll day.\r\n\r\n${source} and more\n\n\n`)).toEqual([
    { key: 'text 0', isHeading: true, pieces: [{ type: 'text', text: 'Monday' }] },
    { key: 'text 1', isHeading: false, pieces: [{ type: 'text', text: 'It <b>rained</b>.\nAll day.' }] },
    {
      key: `${name} 1`,
      isHeading: false,
      pieces: [
        { type: 'picture', key: `${name} 1`, alt: 'A house', url: ref, source },
        { type: 'text', text: ' and more' },
      ],
    },
  ]);
  expect(parseNote('')).toEqual([]);
});

test('a picture has the same key by its reference and by its URL, wherever it stands, and another one when it is shown twice', () => {
  const keys = (text: string) => parseNote(text).map(({ key }) => key);
  expect(keys(`![](${ref})\n\nMore`)).toEqual([`${name} 1`, 'text 1']);
  expect(keys(`First\n\n![](${url})\n\n![](${ref})`)).toEqual(['text 0', `${name} 1`, `${name} 2`]);
});

test('a file name cannot break out of the Markdown that shows it', () => {
  const markdown = pictureMarkdown('evil](javascript:alert(1)) [x.jpg', ref);
  expect(parseNote(markdown)).toMatchObject([{ pieces: [{ type: 'picture', url: ref }] }]);
});

test.each([
  ['', 'A new note'],
  ['\n\n# Monday\nrain', 'Monday'],
  [`![My cat](${ref})`, 'My cat'],
])('the title of %j is %j', (text, title) => {
  expect(titleOf({ ...note, text })).toBe(title);
});
