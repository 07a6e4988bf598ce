import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { Upload } from '../../../../components/uploads/imageUploads.ts';
import { ImageUploadsProvider } from '../../../../components/uploads/react/ImageUploadsProvider.tsx';
import { UploadBadge } from '../../../../components/uploads/react/UploadBadge.tsx';
import { UploadList, type UploadListProps } from '../../../../components/uploads/react/UploadList.tsx';
import { fakeUploads, uploadOf } from './fakeUploads.ts';

afterEach(cleanup);

const error = { code: 'STORE_ERROR', message: 'The bucket has answered HTTP 503.', hint: 'Try again.', at: 1 };

async function show(uploads: readonly Upload[], props: UploadListProps = {}) {
  const fake = fakeUploads();
  fake.set(uploads);
  const view = render(
    <ImageUploadsProvider uploads={fake}>
      <UploadList {...props} />
      <UploadBadge data-testid="badge" />
    </ImageUploadsProvider>,
  );
  // The picture of each is looked for.
  await act(async () => {});
  return { fake, view };
}

const buttons = (): string[] => screen.getAllByRole('button').map((button) => button.getAttribute('aria-label') ?? '');

test.each<[string, Partial<Upload>, string[]]>([
  ['one that waits', {}, ['Pause', 'Save to disk', 'Cancel']],
  ['one that waits for its next try', { attempts: 2, error }, ['Retry', 'Pause', 'Save to disk', 'Cancel']],
  [
    'one that is sent',
    { status: 'uploading', progress: { loaded: 50, total: 100 } },
    ['Pause', 'Save to disk', 'Cancel'],
  ],
  ['one that the server stores', { status: 'processing', places: ['browser', 'server'] }, ['Save to disk', 'Cancel']],
  ['one that has failed', { status: 'failed', error }, ['Retry', 'Save to disk', 'Cancel']],
  [
    'one whose location cannot be removed',
    { status: 'blocked', ref: undefined, error: { ...error, code: 'GPS_NOT_REMOVABLE' } },
    ['Retry', 'Send anyway', 'Save to disk', 'Cancel'],
  ],
  ['one that is paused', { status: 'paused' }, ['Resume', 'Save to disk', 'Cancel']],
  ['one that is gone', { status: 'missing', places: [], error }, ['Cancel']],
])('%s: what can be done', async (_, more, expected) => {
  await show([uploadOf(more)]);
  expect(buttons()).toEqual(expected.map((text) => `${text}: Beach.png`));
});

test('the buttons do it', async () => {
  const upload = uploadOf({ status: 'failed', error });
  await show([upload]);
  for (const name of ['Retry', 'Save to disk', 'Cancel'])
    fireEvent.click(screen.getByRole('button', { name: `${name}: Beach.png` }));
  for (const act of [upload.retry, upload.saveToDisk, upload.cancel]) expect(act).toHaveBeenCalledOnce();
});

test('the list has a name, its items have a status, and a text says what happens and what to do', async () => {
  await show([uploadOf({ status: 'failed', error })], { label: 'On their way' });
  expect(screen.getByRole('list', { name: 'On their way' })).toBeDefined();
  const item = screen.getByRole('listitem');
  expect(item.dataset['status']).toBe('failed');
  expect(item.textContent).toContain(
    'Not uploaded; it is saved on this device. The bucket has answered HTTP 503. Try again.',
  );
});

test('progress is a progress bar with a name', async () => {
  await show([uploadOf({ status: 'uploading', progress: { loaded: 50, total: 100 } })]);
  const bar = screen.getByRole('progressbar', { name: 'Beach.png' });
  expect([bar.getAttribute('value'), bar.getAttribute('max')]).toEqual(['50', '100']);
  expect(screen.getByRole('listitem').textContent).toContain('Uploading 50 %');
});

test('a failure is said politely, in a region that was there before', async () => {
  const { fake, view } = await show([uploadOf()]);
  const region = view.container.querySelector('.image-cache-uploads > output');
  expect(region?.textContent).toBe('');
  await act(async () => fake.set([uploadOf({ status: 'failed', error })]));
  expect(region?.textContent).toBe('Beach.png: The bucket has answered HTTP 503.');
});

test('what is uploaded or canceled is not listed, unless it is given', async () => {
  const uploaded = uploadOf({ status: 'uploaded', places: ['bucket'] });
  const { view } = await show([uploaded, uploadOf({ jobId: '2', status: 'canceled' })]);
  expect(screen.queryByRole('list')).toBeNull();
  view.unmount();
  await show([], { uploads: [uploaded] });
  expect(screen.getByRole('listitem').dataset['status']).toBe('uploaded');
});

test.each<[string, string, Upload[], Parameters<ReturnType<typeof fakeUploads>['set']>[1]]>([
  ['idle', '', [uploadOf({ status: 'uploaded' })], {}],
  ['busy', '2', [uploadOf(), uploadOf({ jobId: '2', status: 'uploading' })], {}],
  ['offline', '1', [uploadOf()], { network: 'offline' }],
  ['failed', '1', [uploadOf({ status: 'failed' })], {}],
  ['blocked', '1', [uploadOf()], { network: 'blocked', blocked: error }],
])('the badge: %s', async (status, text, uploads, more) => {
  const { fake } = await show([]);
  await act(async () => fake.set(uploads, more));
  const badge = screen.getByTestId('badge');
  expect([badge.dataset['status'], badge.textContent]).toEqual([status, text]);
  if (status === 'blocked') expect(badge.title).toBe(`1 picture is not uploaded yet: ${error.message}`);
});
