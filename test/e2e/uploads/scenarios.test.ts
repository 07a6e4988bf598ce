import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { testPicture, testPictures, type TestPicture } from './stand/pictures.ts';
import { openStandNote, type StandNote } from './stand/standNote.ts';
import { openStandPage, type StandPage } from './stand/standPage.ts';
import type { Site } from './stand/uploadsStand.ts';
import { useStand } from './stand/useStand.ts';

/** How long is waited for a picture to arrive: the server may be waiting for its next try. */
const ARRIVES = { timeout: 20_000 };
/** Of the list that is scrolled. */
const MANY = 50;

const used = useStand({ deletes: true });
let site: Site;
beforeEach(async () => {
  site = await used.openSite();
});

async function open(query: Record<string, string> = {}): Promise<StandPage> {
  const tab = await openStandPage(used.browser.context, site.origin, { notes: '', ...query });
  onTestFinished(() => tab.page.close().catch(() => {})); // it may have been killed
  return tab;
}

/** The browser is ended by SIGKILL, started on the same profile, and the page opened as if nothing had been. */
async function killAndReopen(): Promise<StandPage> {
  await used.browser.kill();
  await used.browser.relaunch();
  return open();
}

/** A note that the app's server knows already. */
async function openSynced(tab: StandPage, id: string): Promise<StandNote> {
  const note = await openStandNote(tab, id);
  await note.sync();
  return note;
}

async function setOffline(tab: StandPage, offline: boolean): Promise<void> {
  const context = tab.page.context();
  if (offline) onTestFinished(() => context.setOffline(false).catch(() => {})); // it may have been killed
  await context.setOffline(offline);
}

const refOf = ({ key }: TestPicture): string => `/api/cache/i/${key.split('/').at(-1)}`;
/** How a note shows a picture that is not in the bucket yet, and one that is. */
const local = (...pictures: readonly TestPicture[]): string =>
  pictures.map((picture) => `![${picture.name}](${refOf(picture)})`).join('');
const linked = (...pictures: readonly TestPicture[]): string =>
  pictures.map(({ name, key }) => `![${name}](${used.stand.urlOf(key)})`).join('');

/** What the browser itself has of it. */
async function expectKept(tab: StandPage, picture: TestPicture): Promise<void> {
  const base64 = await tab.page.evaluate(async (ref) => {
    const bytes = await (await window.stand.uploads.bytesOf(ref))?.arrayBuffer();
    return bytes && btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''));
  }, refOf(picture));
  expect(base64).toBe(picture.base64);
}

async function expectInBucket(...pictures: readonly TestPicture[]): Promise<void> {
  const [objects, writes] = [await used.stand.objects(), used.stand.writes()];
  for (const { key, sha256 } of pictures) {
    expect(objects.get(key)).toBe(sha256);
    expect(writes.get(key)).toBe(1);
  }
}

describe('scenarios', () => {
  it('New Note + Image + Offline', async () => {
    const picture = await testPicture('new');
    const tab = await open();
    await setOffline(tab, true);
    const note = await openStandNote(tab, 'new');
    await note.type('Offline. ');
    await note.add(picture);
    expect(await note.text()).toBe(`Offline. ${local(picture)}`);
    expect(await tab.statuses()).toEqual(['new pending']);
    await expectKept(tab, picture);

    await setOffline(tab, false);
    // The picture does not wait for the note, but what is written into the note waits for its id.
    await expect.poll(() => tab.statuses(), ARRIVES).toEqual(['new uploaded']);
    expect(await note.text()).toBe(`Offline. ${local(picture)}`);
    await note.type(' Later.');
    await note.sync();
    await expect.poll(() => note.text()).toBe(`Offline. ${linked(picture)} Later.`);
    expect(await note.records()).toHaveLength(1);
    await expectInBucket(picture);
  });

  it('Existing Note + Image + Online', async () => {
    const picture = await testPicture('existing');
    const tab = await open();
    const other = await openSynced(tab, 'other');
    await other.type(`The same picture: ${local(picture)}`);
    const note = await openSynced(tab, 'existing');
    await note.add(picture);
    await expect.poll(() => note.text()).toBe(linked(picture));
    expect((await note.row()).rewritten).toBe(1);
    await expectInBucket(picture);
    expect(await other.text()).toBe(`The same picture: ${local(picture)}`);
  });

  it('Mixed Connectivity', async () => {
    const [one, two, three, four] = await testFour('mixed');
    const tab = await open();
    const note = await openStandNote(tab, 'mixed');
    await setOffline(tab, true);
    await note.add(one, two);
    await setOffline(tab, false);
    await note.add(three);
    await note.sync();
    await setOffline(tab, true);
    await note.add(four);
    await setOffline(tab, false);
    await expect.poll(() => note.text(), ARRIVES).toBe(linked(one, two, three, four));
    expect(await note.records()).toHaveLength(4);
    await expectInBucket(one, two, three, four);
  });

  it('Upload Failure Recovery', async () => {
    const picture = await testPicture('recovery', 300_000);
    const tab = await open();
    const note = await openSynced(tab, 'recovery');
    const cut = site.proxy.breakNext(/^PUT/, { type: 'cut', afterBytes: 100_000 }, 2);
    used.stand.s3.faults.putSlowDown = 1;
    await note.add(picture);
    await expect.poll(() => cut.times).toBe(0);
    await expectKept(tab, picture);
    // The server has it, and the bucket says 503.
    await expect.poll(async () => (await tab.rows())[0]?.places, ARRIVES).toEqual(['browser', 'server']);
    await expectKept(tab, picture);
    expect(await note.text()).toBe(local(picture));
    used.stand.mend();
    await expect.poll(() => note.text(), ARRIVES).toBe(linked(picture));
    expect((await tab.rows())[0]?.attempts).toBe(0);
    await expectInBucket(picture);
  });
});

async function testFour(name: string): Promise<[TestPicture, TestPicture, TestPicture, TestPicture]> {
  const [one, two, three, four] = await testPictures(4, name);
  if (!one || !two || !three || !four) throw new Error('Four were asked for.');
  return [one, two, three, four];
}

describe('success criteria', () => {
  it('survives relaunch: images are shown after the browser and the server were started anew, although the bucket is away', async () => {
    const picture = await testPicture('relaunch');
    const note = await openSynced(await open(), 'relaunch');
    await note.add(picture);
    await expect.poll(() => note.text()).toBe(linked(picture));
    await used.stand.killServer();
    used.stand.s3.faults.offline = true;
    await used.stand.startServer();
    const tab = await killAndReopen();
    expect(await (await openStandNote(tab, 'relaunch')).text()).toBe(linked(picture));
    expect(await showAll(tab, [picture])).toEqual([64]);
  });

  it('survives kill during upload: the queue goes on where the browser was killed', async () => {
    const picture = await testPicture('killed', 300_000);
    const note = await openSynced(await open(), 'killed');
    const swallowed = site.proxy.breakNext(/^PUT/, { type: 'blackHole' });
    await note.add(picture);
    await expect.poll(() => swallowed.times).toBe(0);
    const after = await openStandNote(await killAndReopen(), 'killed');
    await expect.poll(() => after.text(), ARRIVES).toBe(linked(picture));
    await expectInBucket(picture);
  });

  it('no zombies: the app is told of a picture when the bucket has it, and with nothing empty', async () => {
    const [picture, canceled] = [await testPicture('zombie'), await testPicture('canceled')];
    const tab = await open();
    const note = await openSynced(tab, 'zombie');
    used.stand.s3.faults.putSlowDown = 1;
    await note.add(picture, canceled);
    await tab.page.evaluate(async () => {
      await window.stand.uploads
        .list()
        .find(({ filename }) => filename === 'canceled')
        ?.cancel();
    });
    await expect.poll(() => tab.statuses(), ARRIVES).toEqual(['canceled canceled', 'zombie processing']);
    expect(await note.records()).toEqual([]);
    used.stand.mend();
    await expect.poll(() => note.text(), ARRIVES).toBe(`${linked(picture)}${local(canceled)}`);
    const [jobId] = (await tab.rows()).filter(({ filename }) => filename === 'zombie').map((row) => row.jobId);
    expect(await note.records()).toEqual([
      {
        note: 'zombie',
        jobId,
        imageId: picture.sha256.slice(0, 32),
        ref: refOf(picture),
        url: used.stand.urlOf(picture.key),
      },
    ]);
  });

  it('immutable headers: of the bucket and of the server', async () => {
    const picture = await testPicture('immutable');
    const note = await openSynced(await open(), 'immutable');
    await note.add(picture);
    await expect.poll(() => note.text()).toBe(linked(picture));
    const answer = await fetch(`${site.origin}${refOf(picture)}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await used.stand.cacheControlOf(picture.key)).toBe('max-age=31536000, immutable');
  });

  it('deleted entities clean up: the last note that uses a picture takes it along, from the bucket and from the disk', async () => {
    const [own, shared] = await testFour('deleted');
    const tab = await open();
    const [first, second] = [await openSynced(tab, 'first'), await openSynced(tab, 'second')];
    await first.add(own, shared);
    await second.add(shared);
    await expect.poll(() => first.text(), ARRIVES).toBe(linked(own, shared));
    await expect.poll(() => second.text(), ARRIVES).toBe(linked(shared));
    await removeEntity(tab, first);
    await expect.poll(async () => (await used.stand.objects()).has(own.key), ARRIVES).toBe(false);
    expect((await used.stand.objects()).get(shared.key)).toBe(shared.sha256);
    await removeEntity(tab, second);
    const left = async () => Array.from((await used.stand.objects()).keys()).filter((key) => isOf(key, own, shared));
    await expect.poll(left, ARRIVES).toEqual([]);
    for (const picture of [own, shared]) {
      const isGone = async () => (await fetch(`${site.origin}${refOf(picture)}`)).status;
      await expect.poll(isGone).toBe(404);
    }
    // Who picks it again has it again.
    const third = await openSynced(tab, 'third');
    await third.add(own);
    await expect.poll(() => third.text(), ARRIVES).toBe(linked(own));
    expect((await used.stand.objects()).get(own.key)).toBe(own.sha256);
  });

  it(`a list of ${MANY} scrolls from disk without one request to S3`, async () => {
    const pictures = await testPictures(MANY, 'scrolled');
    const tab = await open();
    await tab.save(...pictures);
    const isDone = async () => (await tab.statuses()).every((status) => status.endsWith(' uploaded'));
    await expect.poll(isDone, { timeout: 40_000 }).toBe(true);
    // Started anew, the server has nothing in memory.
    await used.stand.killServer();
    await used.stand.startServer();
    await tab.page.reload();
    used.stand.s3.faults.offline = true;
    const before = used.stand.s3.stats.requests;
    expect(await showAll(tab, pictures)).toEqual(pictures.map(() => 64));
    expect(used.stand.s3.stats.requests).toBe(before);
  });
});

function isOf(key: string, ...pictures: readonly TestPicture[]): boolean {
  return pictures.some(({ sha256 }) => key.includes(sha256.slice(0, 32)));
}

/** Scrolls through a list of pictures, as tall as a screen each. @returns their widths */
async function showAll(tab: StandPage, pictures: readonly TestPicture[]): Promise<number[]> {
  return tab.page.evaluate(async (refs) => {
    const list = document.body.appendChild(document.createElement('div'));
    const images = refs.map((ref) => {
      const image = list.appendChild(new Image());
      image.loading = 'lazy';
      image.style.cssText = 'display: block; height: 100vh';
      image.src = window.stand.uploads.urlOf(ref) ?? '';
      return image;
    });
    for (const image of images) {
      image.scrollIntoView();
      await image.decode();
    }
    return images.map(({ naturalWidth }) => naturalWidth);
  }, pictures.map(refOf));
}

async function removeEntity({ page }: StandPage, { id }: StandNote): Promise<void> {
  await page.evaluate((note) => window.stand.uploads.removeEntity({ type: 'note', id: note }), id);
}

describe('a browser that is killed', () => {
  it('C16: before the app was told that a picture is stored tells it after a relaunch', async () => {
    const picture = await testPicture('c16');
    const tab = await open({ hook: 'before' });
    await (await openSynced(tab, 'c16')).add(picture);
    await expect.poll(() => tab.said, ARRIVES).toContain('hooked');
    await expectInBucket(picture);
    const note = await openStandNote(await killAndReopen(), 'c16');
    await expect.poll(() => note.text(), ARRIVES).toBe(linked(picture));
    expect(await note.records()).toHaveLength(1);
    expect((await note.row()).rewritten).toBe(1);
  });

  it('C17: after the app was told, before that was taken down, tells it again, and the note is the same', async () => {
    const picture = await testPicture('c17');
    const tab = await open({ hook: 'after' });
    const killed = await openSynced(tab, 'c17');
    await killed.add(picture);
    await expect.poll(() => tab.said, ARRIVES).toContain('hooked');
    const before = await killed.row();
    expect(before.text).toBe(linked(picture));
    const next = await killAndReopen();
    const note = await openStandNote(next, 'c17');
    await expect.poll(async () => (await note.records()).length, ARRIVES).toBe(2);
    await expect.poll(async () => (await next.rows())[0]?.link?.status).toBe('linked');
    expect(await note.row()).toMatchObject({ text: before.text, version: before.version });
    await expectInBucket(picture);
  });
});
