// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as react from 'react';
import * as jsxRuntime from 'react/jsx-runtime';
import * as dropzone from 'react-dropzone';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as kit from '../../components/uploads/index.ts';
import { type FakeUploads, fakeUploads, uploadOf } from '../components/uploads/react/fakeUploads.ts';
import { runSnippet } from '../helpers/runSnippet.ts';
import { snippetsOf } from '../helpers/snippets.ts';

const MODULES = {
  react,
  'react/jsx-runtime': jsxRuntime,
  'react-dropzone': dropzone,
  'vite-plugin-image-cache/uploads': kit,
};

let uploads: FakeUploads;
beforeEach(() => {
  uploads = fakeUploads();
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  Object.assign(URL, { createObjectURL: () => 'blob:1', revokeObjectURL: () => {} });
});
afterEach(() => {
  cleanup();
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: undefined });
});

type Component = react.ComponentType<Record<string, unknown>>;

/** A component of a document, as it stands there. */
async function componentOf(document: string, name: string): Promise<Component> {
  const text = readFileSync(join(import.meta.dirname, '../..', document), 'utf8');
  const { code = '' } = snippetsOf(text).find((snippet) => snippet.code.includes(`function ${name}(`)) ?? {};
  // What stands below it in README is the app's own root.
  return (await runSnippet(code.replace(/^<ImageUploadsProvider[^]*/m, ''), MODULES, name)) as Component; // it is one
}

function show(component: Component, props: Record<string, unknown> = {}): void {
  const element = react.createElement(component, props);
  render(react.createElement(kit.ImageUploadsProvider, { uploads }, element));
}

const pick = async (input: Element, ...names: string[]): Promise<void> => {
  const files = names.map((name) => new File(['x'], name));
  await act(async () => void fireEvent.change(input, { target: { files } }));
};
const input = (): HTMLInputElement => document.querySelector('input') as HTMLInputElement; // the snippet has one

describe('README: 6', () => {
  test('a refused file is told on the page, and nothing is unhandled', async () => {
    show(await componentOf('README.md', 'AddPictures'));
    await pick(input(), 'beach.txt');
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('beach.txt is no picture.'));
  });

  test('pictures from before a reload are there', async () => {
    uploads.set([uploadOf({ status: 'uploaded', filename: 'old.png' })]);
    show(await componentOf('README.md', 'AddPictures'));
    expect(screen.getByAltText('old.png')).toBeDefined();
  });

  test('a picture without a reference says why, and keeps its box', async () => {
    const error = { code: 'GPS_NOT_REMOVABLE', message: 'The location could not be removed.', at: 1 };
    uploads.set([uploadOf({ status: 'blocked', filename: 'scan.tif', ref: undefined, error })]);
    show(await componentOf('README.md', 'AddPictures'));
    expect(screen.getByText(/scan\.tif: .*where it was taken/)).toBeDefined();
    expect(screen.getByAltText('scan.tif').getAttribute('width')).toBe('160');
  });
});

describe('the cookbook’s PickPictures: 11', () => {
  test('a click on the camera opens no other file chooser, and a paste is taken once', async () => {
    const upload = vi.spyOn(uploads, 'upload');
    show(await componentOf('docs/cookbook.md', 'PickPictures'));
    const [files, camera] = document.querySelectorAll('input');
    if (!files || !camera) throw new Error('There are two inputs.');
    const opened = vi.spyOn(files, 'click');
    fireEvent.click(camera);
    expect(opened).not.toHaveBeenCalled();
    fireEvent.click(files.parentElement ?? files);
    await waitFor(() => expect(opened).toHaveBeenCalledOnce());

    const clipboardData = { files: [new File(['x'], 'shot.png', { type: 'image/png' })], types: ['Files'], items: [] };
    await act(async () => void fireEvent.paste(files.parentElement ?? files, { clipboardData }));
    await act(async () => new Promise((resolve) => setTimeout(resolve, 20)));
    expect(upload).toHaveBeenCalledOnce();
  });
});

describe('the cookbook’s NoteEditor: 2', () => {
  /** An app whose notes are in a database, in which `append` is one transaction. */
  async function openNote(): Promise<void> {
    const NoteEditor = await componentOf('docs/cookbook.md', 'NoteEditor');
    show(function App() {
      const [text, setText] = react.useState('Dear diary');
      const note = { id: 'n1', text };
      const append = (_: string, more: string): void => setText((latest) => latest + more);
      return react.createElement(NoteEditor, { note, append, onChange: setText });
    });
  }
  const text = (): string => (screen.getByRole('textbox') as HTMLTextAreaElement).value; // a textarea
  const files = (): HTMLInputElement => document.querySelector('input[type=file]') as HTMLInputElement; // it has one

  test('a: a picture is in the note although another file of the same pick was refused, and that is told', async () => {
    await openNote();
    await pick(files(), 'beach.png', 'beach.txt');
    expect(text()).toContain('![beach.png](/api/cache/i/');
    expect(screen.getByRole('alert').textContent).toContain('beach.txt');
  });

  test('b: what is typed while a picture is saved stays', async () => {
    let save = (): void => {};
    const saving = new Promise<void>((resolve) => (save = resolve));
    const upload = uploads.upload.bind(uploads);
    vi.spyOn(uploads, 'upload').mockImplementation(async (...call) => {
      await saving;
      return upload(...call);
    });
    await openNote();
    await pick(files(), 'beach.png');
    fireEvent.change(screen.getByRole('textbox'), { target: { value: 'Dear diary, it rained' } });
    await act(async () => save());
    await waitFor(() => expect(text()).toMatch(/^Dear diary, it rained\s+!\[beach\.png\]/));
  });

  test('c: a picture without a reference is named, and can be put into the text later', async () => {
    const error = { code: 'GPS_NOT_REMOVABLE', message: 'The location could not be removed.', at: 1 };
    const entity = { type: 'note', id: 'n1', serverId: undefined };
    const known = { filename: 'scan.tif', entity };
    const blocked = uploadOf({ ...known, status: 'blocked', ref: undefined, imageId: undefined, error });
    vi.spyOn(uploads, 'upload').mockImplementation(async (_, options) => {
      uploads.set([blocked]);
      options?.onSaved?.(blocked);
      return [blocked];
    });
    await openNote();
    await pick(files(), 'scan.tif');
    expect(text()).toBe('Dear diary');
    expect(screen.getByText(/scan\.tif is not in the text\. .*where it was taken/)).toBeDefined();
    fireEvent.click(screen.getByRole('button', { name: 'Send with its place' }));
    expect(blocked.sendAnyway).toHaveBeenCalledOnce();
    act(() => uploads.set([uploadOf({ ...known, status: 'pending' })]));
    fireEvent.click(screen.getByRole('button', { name: 'Insert' }));
    expect(text()).toContain('![scan.tif](/api/cache/i/');
    expect(screen.queryByText(/is not in the text/)).toBeNull();
  });
});
