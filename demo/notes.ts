import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plugin, ViteDevServer } from 'vite';
import type { BackendNote, NoteSaved, NoteToSave } from './api.ts';
import { isCrossSite, readBody, sendJson } from './network.ts';

/** Until a new note has an id of the backend. */
const FIRST_SAVE_MS = 2_000;
const LONGEST_NOTE = 200_000;

export interface NotesOptions {
  /** Where the notes are kept, so that they survive a restart. */
  file: string;
  /** For tests. @default 2000 */
  firstSaveMs?: number;
}

/**
 * The backend of a small app for notes: `GET /demo/notes` lists them, `PUT /demo/notes/:id` saves one, `DELETE` removes it. A note gets its
 * `server_id` with the first save, which takes two seconds, as on a busy server far away. Each call may be repeated.
 */
export function notesBackend({ file, firstSaveMs = FIRST_SAVE_MS }: NotesOptions): Plugin {
  function mount({ middlewares }: Pick<ViteDevServer, 'middlewares'>): void {
    const notes = openNotes(file);
    middlewares.use('/demo/notes', async function notesMiddleware(request, response, next) {
      try {
        await answer(request, response, notes, firstSaveMs);
      } catch (error) {
        next(error);
      }
    });
  }
  return { name: 'demo-notes', apply: 'serve', configureServer: mount, configurePreviewServer: mount };
}

async function answer(request: IncomingMessage, response: ServerResponse, notes: Notes, ms: number): Promise<void> {
  const { method, url = '/' } = request;
  if (method === 'GET' && url === '/') return sendJson(response, 200, notes.list());
  const id = /^\/([0-9a-f]{16})$/.exec(url)?.[1];
  if (id === undefined) return sendJson(response, 404, { detail: 'There is no such note' });
  if (isCrossSite(request)) return sendJson(response, 403, { detail: 'Only this page may change its notes' });
  if (method === 'DELETE') {
    notes.remove(id);
    return sendJson(response, 200, {});
  }
  const note = method === 'PUT' ? parseNote(await readBody(request, LONGEST_NOTE)) : undefined;
  if (note === undefined) return sendJson(response, 400, { detail: 'Expected a note' });
  if (!notes.has(id)) await sleep(ms);
  sendJson(response, 200, { server_id: notes.save(id, note) } satisfies NoteSaved);
}

interface Notes {
  list(): BackendNote[];
  has(id: string): boolean;
  /** @returns the backend's id of the note */
  save(id: string, note: NoteToSave): string;
  remove(id: string): void;
}

function openNotes(file: string): Notes {
  const notes = new Map(readNotes(file).map((note) => [note.id, note]));

  function write(): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify([...notes.values()]));
    renameSync(`${file}.new`, file);
  }

  return {
    list: () => [...notes.values()],
    has: (id) => notes.has(id),
    save(id, note) {
      const highest = Math.max(100, ...Array.from(notes.values(), ({ server_id }) => Number(server_id)));
      const server_id = notes.get(id)?.server_id ?? String(highest + 1);
      notes.set(id, { id, server_id, ...note });
      write();
      return server_id;
    },
    remove(id) {
      if (notes.delete(id)) write();
    },
  };
}

function readNotes(file: string): BackendNote[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as BackendNote[]; // as `write` has left it
  } catch {
    return [];
  }
}

function parseNote(text: string): NoteToSave | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('text' in body) || !('created_at' in body)) return undefined;
    if (typeof body.text !== 'string' || typeof body.created_at !== 'number') return undefined;
    return { text: body.text, created_at: body.created_at };
  } catch {
    return undefined;
  }
}
