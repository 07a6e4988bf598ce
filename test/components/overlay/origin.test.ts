import { describe, expect, it } from 'vitest';
import { askedImage, unsignedUrl } from '../../../components/overlay/imageName.ts';
import type { Load } from '../../../components/overlay/loads.ts';
import { originOf } from '../../../components/overlay/origin.ts';
import { SIGNED_URLS, withQuery } from '../../helpers/signedUrls.ts';

const API = 'http://localhost:3000/api/cache';
const CDN = 'https://d1.cloudfront.net/api/cache';
const OBJECT = 'https://photos.s3.eu-central-1.amazonaws.com/a/anna.jpg';
const SIGNED = `${OBJECT}?X-Amz-Credential=AKIA&X-Amz-Signature=abc`;
const BY_URL = `${API}/image?url=${encodeURIComponent(SIGNED)}&actor_id=1`;

interface Element {
  complete?: boolean;
  hasFailed?: boolean;
  code?: string;
}

function find(currentSrc: string, load: Load = { from: 'browser' }, element: Element = {}) {
  const { complete = true, hasFailed = false, code } = element;
  const dataset = code === undefined ? {} : { imageCacheError: code };
  return originOf(
    { currentSrc, complete, dataset },
    { baseUrl: API, imageBase: CDN, loads: { of: () => load }, hasFailed },
  );
}

describe('where a picture comes from', () => {
  it.each(['memory', 'disk', 's3', 'browser'] as const)('is what its request says: %s', (from) => {
    expect(find(BY_URL, { from, ms: 3 })).toMatchObject({ from, ms: 3, image: OBJECT });
  });

  it('is not guessed when neither the server nor the browser says so', () => {
    expect(find(BY_URL, { from: undefined, ms: 3 })?.from).toBe('unknown');
  });

  it('is past the cache for a URL of another origin, wherever the browser had it from', () => {
    expect(find(SIGNED, { from: 'browser', ms: 3 })).toMatchObject({ from: 'origin', image: OBJECT });
    expect(find('http://localhost:30001/api/cache/image?path=a')?.from).toBe('origin');
  });

  it("is the CDN, whatever Server-Timing that has kept, or the browser's cache", () => {
    const url = `${CDN}/image?path=a.jpg`;
    expect(find(url, { from: 's3', ms: 3 })).toMatchObject({ from: 'cdn', ms: 3, image: 'a.jpg' });
    expect(find(url, { from: undefined })?.from).toBe('cdn');
    expect(find(url, { from: 'browser' })?.from).toBe('browser');
  });

  it('is told to be simulated', () => {
    expect(find(BY_URL, { from: 's3', isSimulated: true })).toMatchObject({ from: 's3', isSimulated: true });
  });

  it.each([
    ['has no width', { hasFailed: true }, undefined],
    ['was told why', { code: 'UPSTREAM_NOT_FOUND' }, 'UPSTREAM_NOT_FOUND'],
    ['was told why, and waits', { code: 'UPSTREAM_TIMEOUT', complete: false }, 'UPSTREAM_TIMEOUT'],
  ])('is nowhere if the element %s', (_, element, code) => {
    expect(find(BY_URL, { from: 's3' }, element)).toMatchObject({ from: 'failed', code, image: OBJECT });
    expect(find(SIGNED, { from: 's3' }, element)).toMatchObject({ from: 'failed', image: OBJECT });
  });

  it.each([
    ['of the app itself', 'http://localhost:3000/logo.svg', {}],
    ['in the page', 'data:image/png;base64,AAAA', {}],
    ['of a script', 'blob:http://localhost:3000/1', {}],
    ['that is not there', '', {}],
    ['that is no URL', 'http://', {}],
    ['that is loading', BY_URL, { complete: false }],
  ])('is not told of a picture %s', (_, url, element) => {
    expect(find(url, undefined, element)).toBeUndefined();
  });
});

describe('what the inspector is asked for', () => {
  it.each([
    [`${API}/image?path=.image-cache%2Fimages%2F1%2Fa.jpg&w=200`, '.image-cache/images/1/a.jpg'],
    [BY_URL, OBJECT],
    [`${API}/image?url=s3%3A%2F%2Fphotos%2Fa.jpg`, 's3://photos/a.jpg'],
    [`${API}/i/0123456789abcdef0123456789abcdef.jpg?w=200`, 'i/0123456789abcdef0123456789abcdef.jpg'],
  ])('for %s', (url, asked) => {
    expect(askedImage(url, API)).toBe(asked);
  });

  it.each(SIGNED_URLS)('I7: has no signature of $service', ({ url, signings }) => {
    for (const signing of signings) expect(unsignedUrl(withQuery(url, signing))).toBe(url.split('?')[0]);
  });

  it.each(['', '?w=200', '?versionId=3', '?response-content-type=image%2Fpng'])(
    'keeps all of an unsigned query: %s',
    (query) => {
      expect(unsignedUrl(OBJECT + query)).toBe(OBJECT + query);
    },
  );

  it('keeps the version of a signed URL', () => {
    expect(unsignedUrl(`${SIGNED}&versionId=a%2Bb`)).toBe(`${OBJECT}?versionId=a%2Bb`);
  });
});
