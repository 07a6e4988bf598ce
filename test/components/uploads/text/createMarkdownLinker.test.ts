import { describe, expect, it } from 'vitest';
import { createMarkdownLinker } from '../../../../components/uploads/text/createMarkdownLinker.ts';
import { imageRefsIn } from '../../../../components/uploads/text/imageRefs.ts';
import { UploadError } from '../../../../components/uploads/uploadError.ts';

const ref = `/api/cache/i/${'a1'.repeat(16)}.jpg`;
const url = `https://pictures.example/uploads/a1/${'a1'.repeat(16)}.jpg`;
const own = { type: 'note', id: 'own' };
const other = { type: 'note', id: 'other' };
const stored = { entity: own, ref, url, imageId: 'a1'.repeat(16), jobId: '1' };
const context = { signal: new AbortController().signal };

interface Note {
  text: string;
  version: number;
}

/** The notes of an app, whose user may type between any two steps. */
function createNotes(texts: Record<string, string>) {
  const notes = new Map(Object.entries(texts).map(([id, text]): [string, Note] => [id, { text, version: 1 }]));
  const calls: string[] = [];
  const type = (id: string, text: string): void => {
    const version = (notes.get(id)?.version ?? 0) + 1;
    notes.set(id, { text, version });
  };
  return {
    calls,
    type,
    textOf: (id: string) => notes.get(id)?.text,
    load({ id }: { id: string }) {
      calls.push(`load ${id}`);
      return notes.get(id);
    },
    compareAndSave({ id }: { id: string }, text: string, version: number) {
      calls.push(`save ${id}`);
      if (notes.get(id)?.version !== version) return false;
      type(id, text);
      return true;
    },
    onRewritten: ({ id }: { id: string }) => void calls.push(`rewritten ${id}`),
  };
}

it('never touches another note, although the user has switched to it when the upload ends, and it shows the same picture', async () => {
  // A tool that rewrote "the text in the editor" has overwritten the wrong post (renmu123#108).
  const theirs = `Other, with the same picture: ![](${ref})`;
  const notes = createNotes({ own: `Own: ![](${ref})`, other: theirs });
  notes.type('other', theirs); // it is the one that is being edited
  await createMarkdownLinker(notes)(stored, context);
  expect(notes.textOf('own')).toBe(`Own: ![](${url})`);
  expect(notes.textOf('other')).toBe(theirs);
  expect(notes.calls).toEqual(['load own', 'save own', 'rewritten own']);
});

it('keeps what was typed while the text was loaded and saved', async () => {
  const notes = createNotes({ own: `![](${ref})` });
  let isTyping = true;
  const link = createMarkdownLinker({
    ...notes,
    compareAndSave(entity, text, version: number) {
      if (isTyping) notes.type('own', `Typed meanwhile. ![](${ref})`);
      isTyping = false;
      return notes.compareAndSave(entity, text, version);
    },
  });
  await link(stored, context);
  expect(notes.textOf('own')).toBe(`Typed meanwhile. ![](${url})`);
  expect(notes.calls).toEqual(['load own', 'save own', 'load own', 'save own', 'rewritten own']);
});

it('gives up after some tries with a text that is changed each time, so that the link step tries again later', async () => {
  const notes = createNotes({ own: `![](${ref})` });
  const link = createMarkdownLinker({ ...notes, compareAndSave: () => false });
  const failed = link(stored, context);
  await expect(failed).rejects.toThrow(UploadError);
  await expect(failed).rejects.toMatchObject({ code: 'TEXT_CHANGED', kind: 'transient' });
  expect(notes.calls.length).toBeLessThan(20);
  expect(notes.textOf('own')).toBe(`![](${ref})`);
});

describe('saves nothing', () => {
  it('of a note that is gone', async () => {
    const notes = createNotes({ other: `![](${ref})` });
    await createMarkdownLinker(notes)(stored, context);
    expect(notes.calls).toEqual(['load own']);
  });

  it('when the text has no such reference (any more)', async () => {
    const notes = createNotes({ own: 'The picture was taken out again.' });
    await createMarkdownLinker(notes)(stored, context);
    expect(notes.calls).toEqual(['load own']);
  });

  it('after the upload was canceled or the page left', async () => {
    const notes = createNotes({ own: `![](${ref})` });
    const ended = AbortSignal.abort(new Error('left'));
    await expect(createMarkdownLinker(notes)(stored, { signal: ended })).rejects.toThrow('left');
    expect(notes.calls).toEqual([]);
  });
});

it('C17: says once more that a text was rewritten when it is called again, since the first time may not have come through', async () => {
  const notes = createNotes({ own: `![](${ref})` });
  const killed = createMarkdownLinker({
    ...notes,
    onRewritten() {
      throw new Error('killed');
    },
  });
  await expect(killed(stored, context)).rejects.toThrow('killed');
  await createMarkdownLinker(notes)(stored, context);
  expect(notes.textOf('own')).toBe(`![](${url})`);
  expect(notes.calls).toEqual(['load own', 'save own', 'load own', 'rewritten own']);
});

it('waits for an app that does all of it asynchronously, and needs no onRewritten', async () => {
  const notes = createNotes({ own: `![](${ref})`, other: other.id });
  const link = createMarkdownLinker({
    load: async (entity) => notes.load(entity),
    compareAndSave: async (entity, text, version: number) => notes.compareAndSave(entity, text, version),
  });
  await link(stored, context);
  expect(notes.textOf('own')).toBe(`![](${url})`);
});

it('two pictures of one note that end at the same time are both linked', async () => {
  const second = ref.replaceAll('a1', 'b2');
  const secondUrl = url.replaceAll('a1', 'b2');
  const notes = createNotes({ own: `![](${ref}) ![](${second})` });
  const slow = {
    load: async (entity: { id: string }) => notes.load(entity),
    compareAndSave: async (entity: { id: string }, text: string, version: number) =>
      notes.compareAndSave(entity, text, version),
  };
  const link = createMarkdownLinker(slow);
  await Promise.all([link(stored, context), link({ ...stored, ref: second, url: secondUrl }, context)]);
  expect(notes.textOf('own')).toBe(`![](${url}) ![](${secondUrl})`);
});

it.each([
  'https://cdn.example/photos (1)/a1/NAME',
  "https://cdn.example/it's)/a1/NAME",
  'https://cdn.example/«e»/a1/NAME?w=(2',
])('a URL that the text would end too early is written percent-encoded, and found again: %s', async (pattern) => {
  const name = ref.slice(-36);
  const odd = pattern.replace('NAME', name);
  const notes = createNotes({ own: `![](${ref}) "${ref}"` });
  const link = createMarkdownLinker(notes);
  await link({ ...stored, url: odd }, context);
  const [, inMarkdown = '', quoted = ''] = /^!\[\]\(([^\s()]+)\) "([^\s"]+)"$/.exec(notes.textOf('own') ?? '') ?? [];
  expect([inMarkdown, decodeURIComponent(inMarkdown)]).toEqual([quoted, odd]);
  expect(imageRefsIn(notes.textOf('own') ?? '')).toEqual([ref]);
  // A second call finds it done.
  await link({ ...stored, url: odd }, context);
  expect(notes.calls.filter((call) => call.startsWith('save'))).toHaveLength(1);
  expect(notes.calls.filter((call) => call.startsWith('rewritten'))).toHaveLength(2);
});
