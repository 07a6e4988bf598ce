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
    expect(screen.getByText(/scan\.tif: The location could not be removed\./)).toBeDefined();
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
