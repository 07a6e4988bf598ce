import type { NoteRow, StoredRecord } from './page/notes.ts';
import type { TestPicture } from './pictures.ts';
import type { StandPage } from './standPage.ts';

/** A note in the stand's page, as a test drives it. */
export interface StandNote {
  readonly id: string;
  /** Writes at its end. */
  type(text: string): Promise<void>;
  /** Resolves when they are saved and stand in the note. */
  add(...pictures: readonly TestPicture[]): Promise<void>;
  /** The app's server has got it, and has given it an id. */
  sync(): Promise<void>;
  row(): Promise<NoteRow>;
  text(): Promise<string>;
  /** What the app was told of its pictures. */
  records(): Promise<StoredRecord[]>;
}

/** The note of this id, which is begun unless it is there. */
export async function openStandNote({ page }: StandPage, id: string): Promise<StandNote> {
  await page.evaluate(async (note) => {
    if (!(await window.stand.notes.get(note))) await window.stand.notes.create(note);
  }, id);
  const row = (): Promise<NoteRow> =>
    page.evaluate(async (note) => {
      const found = await window.stand.notes.get(note);
      if (!found) throw new Error('There is no such note.');
      return found;
    }, id);
  return {
    id,
    type: (text) => page.evaluate(([note, added]) => window.stand.notes.type(note, added), [id, text] as const),
    async add(...pictures) {
      for (const { name, base64 } of pictures) {
        const picture = { name, base64 };
        await page.evaluate(([note, added]) => window.stand.notes.addPicture(note, added), [id, picture] as const);
      }
    },
    sync: () =>
      page.evaluate((note) => window.stand.uploads.bindEntity({ type: 'note', id: note }, `server-${note}`), id),
    row,
    text: async () => (await row()).text,
    records: async () => {
      const all = await page.evaluate(() => window.stand.notes.records());
      return all.filter(({ note }) => note === id);
    },
  };
}
