import { expect, it } from 'vitest';
import { createReferenceKeys, type Reference } from '../../plugin/uploads/referenceKeys.ts';

const ID = '0'.repeat(32);
const JOB = '1'.repeat(32);
const keys = createReferenceKeys('uploads', 'app');

it('whatever owners and entities are called, their references are in the folder, short, and their own', () => {
  const texts = [
    'a',
    'a-b',
    'b',
    '-',
    '..',
    '../..',
    '/',
    '\\',
    '.deleting-x',
    'upload',
    '*',
    '',
    ' ',
    '%2F',
    'ä',
    '😀',
    'x'.repeat(10_000),
  ];
  const entities = texts.flatMap((type) => texts.slice(0, 6).map((id) => ({ type, id })));
  const holders = texts.flatMap((owner): Reference[] =>
    [undefined, ...entities].map((entity) => ({ owner, entity, job_id: JOB })),
  );
  const references = holders.map((holder) => keys.reference(ID, holder));
  expect(new Set(references).size).toBe(holders.length);
  for (const reference of references)
    expect(reference).toMatch(/^uploads\/refs\/0{32}\/[0-9a-f]{32}-(?:[0-9a-f]{32}-1{32}|upload)$/);
  expect(references.some((reference) => keys.isFlag(reference))).toBe(false);
});

it('flags are listed before all references, and are never the same', () => {
  const flags = [keys.flag(ID), keys.flag(ID)];
  expect(new Set(flags).size).toBe(2);
  for (const flag of flags) {
    expect(keys.isFlag(flag)).toBe(true);
    expect(flag < keys.reference(ID, { owner: 'a', job_id: JOB })).toBe(true);
  }
});

it('only names that we give are taken for marks', () => {
  const name = `${ID}.jpg`;
  expect(keys.markedName(keys.mark(name))).toBe(name);
  for (const key of ['uploads/dropped/', 'uploads/dropped/x.jpg', `uploads/dropped/a/${name}`, `uploads/00/${name}`]) {
    expect(keys.markedName(key)).toBeUndefined();
  }
  expect(createReferenceKeys('', 'app').mark(name)).toBe(`dropped/${name}`);
});

it('notes that a mark is being taken away are listed before all marks, are never the same, and are no marks', () => {
  const name = `${ID}.jpg`;
  const notes = [keys.unmarking(name), keys.unmarking(name)];
  expect(new Set(notes).size).toBe(2);
  for (const note of notes) {
    expect(note.startsWith(keys.marks)).toBe(true);
    expect(note < keys.mark(name)).toBe(true);
    expect([keys.unmarkingName(note), keys.markedName(note)]).toEqual([name, undefined]);
  }
  for (const key of [keys.mark(name), `${keys.marks}.unmarking-`, `${keys.marks}.unmarking-x.jpg-${'0'.repeat(36)}`]) {
    expect(keys.unmarkingName(key)).toBeUndefined();
  }
});

it('each upload of an entity has a reference of its own, which says whose it is; those without an entity share one', () => {
  const note = { owner: 'a', entity: { type: 'note', id: '1' } };
  const references = [JOB, '2'.repeat(32)].map((job_id) => keys.reference(ID, { ...note, job_id }));
  expect(references.map((reference) => keys.jobOf(reference))).toEqual([JOB, '2'.repeat(32)]);
  for (const reference of references) expect(reference.startsWith(keys.ofEntity(ID, note))).toBe(true);
  const anonymous = [JOB, '2'.repeat(32)].map((job_id) => keys.reference(ID, { owner: 'a', job_id }));
  expect(new Set(anonymous).size).toBe(1);
  expect([keys.jobOf(anonymous[0] ?? ''), keys.jobOf(keys.ofEntity(ID, note))]).toEqual([undefined, undefined]);
});
