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
    'N10: one whose location cannot be removed, where another try changes nothing',
    { status: 'blocked', ref: undefined, error: { ...error, code: 'GPS_NOT_REMOVABLE' } },
    ['Send it as it is', 'Save to disk', 'Cancel'],
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
    'Not uploaded. It could not be uploaded. It is kept: try again, or save it to disk.',
  );
});

test('N8: visitors read nothing that is for developers, and an app may say it in its own words', async () => {
  const blocked = { ...error, code: 'UPSTREAM_FORBIDDEN', message: 'There are no credentials for bucket team-photos.' };
  const { view } = await show([uploadOf({ status: 'blocked', error: blocked })]);
  expect(view.container.textContent).not.toMatch(/credentials|bucket|Try again\./);
  expect(screen.getByRole('listitem').textContent).toContain('It cannot be uploaded at the moment.');
  view.unmount();
  await show([uploadOf({ status: 'blocked', error: blocked })], { texts: { error: ({ code }) => `Fehler ${code}` } });
  expect(screen.getByRole('listitem').textContent).toContain('Fehler UPSTREAM_FORBIDDEN');
});

test('N16: without a style sheet the name stands by itself, and what only the user can solve does not wait', async () => {
  const tiff = { ...error, code: 'GPS_NOT_REMOVABLE', message: 'A TIFF. Use sendAnyway().' };
  const { view } = await show([uploadOf({ status: 'blocked', ref: undefined, filename: 'scan.tif', error: tiff })]);
  const blocks = Array.from(view.container.querySelectorAll('li > div'), ({ textContent }) => textContent);
  expect(blocks).toEqual([
    'scan.tif',
    'Needs your decision. It may say where it was taken, and that cannot be removed from this file. ' +
      'You can send it as it is, or save it as a JPEG and pick that.',
  ]);
  expect(screen.getByRole('listitem').textContent).toContain('Send it as it is Save to disk Cancel');
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
  expect(region?.textContent).toBe(
    'Beach.png: Not uploaded. It could not be uploaded. It is kept: try again, or save it to disk.',
  );
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
  ['blocked', '1', [uploadOf({ status: 'blocked' })], {}],
])('the badge: %s', async (status, text, uploads, more) => {
  const { fake } = await show([]);
  await act(async () => fake.set(uploads, more));
  const badge = screen.getByTestId('badge');
  expect([badge.dataset['status'], badge.textContent]).toEqual([status, text]);
  const reason = more?.blocked ? '. It cannot be uploaded at the moment. It is kept, and tried again by itself.' : '';
  if (status === 'blocked') expect(badge.title).toBe(`1 picture is not uploaded yet${reason}`);
});
