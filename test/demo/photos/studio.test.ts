import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { photosOf } from '../../../demo/photos/photo.ts';
import { createStudio, type Studio } from '../../../demo/photos/studio.ts';

const photos = photosOf('0013').slice(0, 4);
let directory: string;
let studio: Studio;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'studio-'));
  studio = await createStudio({ directory, workers: 1 });
});

afterEach(async () => {
  await studio.close();
  await rm(directory, { recursive: true });
});

const files = async () => (await readdir(directory, { recursive: true })).filter((name) => name.includes('.jpg'));

test('a picture is painted once, however many ask for it at the same time', async () => {
  const [photo] = photos;
  if (photo === undefined) throw new Error('No picture');
  const [first, second] = await Promise.all([studio.photo(photo), studio.photo(photo)]);
  expect(second).toBe(first);
  expect(await files()).toEqual([expect.stringMatching(/0013_00\.jpg$/)]);
});

test('what another run has painted is read from disk', async () => {
  const [photo] = photos;
  if (photo === undefined) throw new Error('No picture');
  await mkdir(join(directory, 'v1'), { recursive: true });
  await writeFile(join(directory, 'v1', photo.filename), 'painted before');
  expect(Buffer.from(await studio.photo(photo)).toString()).toBe('painted before');
});

test('what is asked for overtakes what is painted ahead', async () => {
  const order: string[] = [];
  const prepared = studio.prepare(photosOf('0013').slice(0, 4), () => order.push('ahead'));
  const wanted = photosOf('0013')[20];
  if (wanted === undefined) throw new Error('No picture');
  await studio.photo(wanted).then(() => order.push('wanted'));
  await prepared;
  expect(order.indexOf('wanted')).toBeLessThanOrEqual(2);
  expect(order).toHaveLength(5);
});

test('painting ahead leaves all pictures on disk, and no draft', async () => {
  const progress: number[] = [];
  await studio.prepare(photos, (done) => progress.push(done));
  expect(progress).toEqual([1, 2, 3, 4]);
  expect((await files()).every((name) => name.endsWith('.jpg'))).toBe(true);
  expect(await files()).toHaveLength(4);
});

test('a closed studio refuses what waits instead of keeping it waiting', async () => {
  const waiting = Promise.allSettled(photos.map((photo) => studio.photo(photo)));
  await studio.close();
  expect((await waiting).some(({ status }) => status === 'rejected')).toBe(true);
});
