import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLocalRefs, imageRefsIn } from '../../../../components/uploads/text/imageRefs.ts';
import { replaceRefs } from '../../../../components/uploads/text/replaceRefs.ts';
import { cpuMs } from '../../../helpers/cpuMs.ts';

const id = '0123456789abcdef'.repeat(2);
const ref = `/api/cache/i/${id}.jpg`;
const url = 'https://pictures.example/uploads/01/picture.jpg';
const replaced = (text: string, to = url): string => replaceRefs(text, { [ref]: to });

/** Where a reference stands on its own; `@` marks the place. */
const PLACES = [
  '@',
  '![A house](@)',
  '![A house](@ "The title")',
  '![A house](<@>)',
  '[![small](@)](https://example.org)',
  '[house]: @',
  '[house]:@',
  '<img src="@" alt="">',
  "<img src='@'>",
  '<img alt=x src=@>',
  '<img srcset="@ 1x, /other.jpg 2x">',
  '<picture><source srcset="/other.jpg 2x, @, /third.jpg 3x"></picture>',
  '<a href="@">@</a>',
  '<@>',
  'See @, or @; or @: @!',
  'Have you seen @?',
  'It ends with @.',
  '`@`',
  '```html\n@\n```',
  '~~~\n    @\n~~~',
  '| @ | @ |',
  '|@|@|',
  '{"type":"image","attrs":{"src":"@"}}',
  String.raw`{"html":"<img src=\"@\">"}`,
  '.cover { background: url(@) }',
  '@\r\n\r\n@\r\n',
  '![[@|300]]',
  'image::@[A house]',
  '!@!',
  '\u{1F4F7} @ \u{1F4F7}',
  'Ein Bild: „@“, «@», ‘@’',
  '写真：@。「@」、@',
  '\ufeff@',
];

/** What is written like a reference, but is a part of something else. */
const NO_PLACES = [
  `x${ref}`,
  `./photos${ref}`,
  `..${ref}`,
  `${ref}/large`,
  `${ref}.bak`,
  `${ref}x`,
  `${ref}_2`,
  `${ref}-copy`,
  `${ref}%20`,
  `${ref}@2x`,
  `${ref}&w=300`,
  `${ref},w_300`,
  ref.replace(id, `${id}0`),
  ref.replace(id, `a${id}`),
  ref.replace('/i/', '/x/'),
  ref.replace('/i/', '/ii/'),
  ref.replace('.jpg', ''),
  ref.replace('.jpg', '.png'),
  `https://proxy.example/?url=${ref}`,
  `https://proxy.example/fetch/https://app.example${ref}`,
  `?url=${ref}`,
  `data:image/svg+xml,${ref}`,
  `file://${ref}`,
  `file:${ref}`,
  `写真${ref}`,
  `https://app.example/写真${ref}`,
  `blob:http://localhost:5173${ref}`,
  `https://pictures.example/uploads/01/${id}.jpg`,
];

describe('a reference', () => {
  it.each(PLACES)('is found and replaced in %j', (place) => {
    expect(imageRefsIn(place.replaceAll('@', ref))).toEqual([ref]);
    expect(hasLocalRefs(place.replaceAll('@', ref))).toBe(true);
    expect(replaced(place.replaceAll('@', ref))).toBe(place.replaceAll('@', url));
  });

  it.each(NO_PLACES)('is not replaced as a part of %j', (text) => {
    for (const place of PLACES) {
      if (place.includes('@?') || place.includes('@!')) continue;
      const within = place.replaceAll('@', text);
      expect(replaced(within)).toBe(within);
    }
  });

  it.each([
    ['/i/', 'the API at the root of a site'],
    ['/my-app/api/cache/i/', 'an app in a folder'],
    ['https://app.example/api/cache/i/', 'the page'],
    ['http://192.168.7.7:5173/api/cache/i/', 'the page on a phone'],
    ['https://img.example/i/', 'a server of its own'],
    ['//img.example/cache/i/', "the page's scheme"],
    ['capacitor://localhost/api/cache/i/', 'an app in a web view'],
  ])('is one with %s before its name (%s), and is replaced as a whole', (base) => {
    const text = `![](${base}${id}.jpg) and ${base}${id}.jpg`;
    expect(imageRefsIn(text)).toEqual([ref]);
    expect(replaced(text)).toBe(`![](${url}) and ${url}`);
    expect(replaceRefs(ref, { [`${base}${id}.jpg`]: url })).toBe(url);
  });

  it.each([
    `https://pictures.example/uploads/01/${id}.jpg`,
    `http://127.0.0.1:9000/bucket/a/b/01/${id}.jpg?X-Amz-Signature=1`,
    `https://bucket.s3.amazonaws.com/01/${id}.jpg`,
  ])('that was replaced by the URL of its object (%s) is found, but is not local any more', (linked) => {
    for (const place of PLACES) {
      const text = place.replaceAll('@', linked);
      expect(imageRefsIn(text)).toEqual([ref]);
      expect(hasLocalRefs(text)).toBe(false);
      expect(replaced(text)).toBe(text);
    }
    expect(imageRefsIn(linked.replace('/01/', '/02/'))).toEqual([]);
  });

  it('keeps what follows its name: a query or a fragment', () => {
    expect(replaced(`![](${ref}#right) ![](${ref}?w=300)`)).toBe(`![](${url}#right) ![](${url}?w=300)`);
  });

  it('may be a UUID, and capital letters make no difference', () => {
    const legacy = '/api/cache/i/0F8FAD5B-D9CB-469F-A165-70867728950E.PNG';
    expect(imageRefsIn(`![](${legacy}) ![](${legacy.toLowerCase()})`)).toEqual([legacy.toLowerCase()]);
    expect(replaceRefs(`![](${legacy})`, { [legacy.toLowerCase()]: url })).toBe(`![](${url})`);
  });
});

describe('replaceRefs', () => {
  it.each(['$&', '$1', '$$', "$'", '$`', '$<name>'])('takes %j in a URL as it is', (special) => {
    expect(replaced(`![](${ref})`, `https://b.example/${special}.jpg`)).toBe(`![](https://b.example/${special}.jpg)`);
  });

  it('takes a Map, too, and leaves what neither has', () => {
    const unknown = ref.replace('0123', 'ffff');
    const text = `![](${ref}) ![](${unknown})`;
    expect(replaceRefs(text, new Map([[ref, url]]))).toBe(`![](${url}) ![](${unknown})`);
    expect(replaceRefs(text, {})).toBe(text);
    expect(replaceRefs(text, { 'no reference': url })).toBe(text);
  });

  it('takes a URL that is a reference again, so that a second time changes nothing', () => {
    const absolute = `https://app.example${ref}`;
    const once = replaced(`![](${ref})`, absolute);
    expect(once).toBe(`![](${absolute})`);
    expect(replaced(once, absolute)).toBe(once);
  });

  it('changes references and not a character between them', () => {
    const name = fc.constantFrom('a1', 'b2', 'c3').map((pair) => `${pair.repeat(16)}.webp`);
    const refs = fc.tuple(fc.constantFrom('/api/cache/i/', '/i/', 'https://app.example/x/i/'), name);
    const piece = fc.tuple(fc.constantFrom(...PLACES), refs);
    const map = new Map(
      ['a1', 'b2'].map((pair) => [`/api/cache/i/${pair.repeat(16)}.webp`, `https://b.example/${pair}`]),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.string({ unit: 'grapheme' }), (pieces, between) => {
        const build = (write: (base: string, name: string) => string): string =>
          pieces.map(([place, [base, file]]) => place.replaceAll('@', () => write(base, file))).join(`\n${between}\n`);
        const text = build((base, file) => base + file);
        const expected = build((base, file) => map.get(`/api/cache/i/${file}`) ?? base + file);
        expect(replaceRefs(text, map)).toBe(expected);
        expect(replaceRefs(expected, map)).toBe(expected);
        expect(hasLocalRefs(expected)).toBe(pieces.some(([, [, file]]) => !map.has(`/api/cache/i/${file}`)));
        const names = pieces.map(([, [, file]]) => `/api/cache/i/${file}`);
        expect(imageRefsIn(text)).toEqual([...new Set(names)]);
        expect(hasLocalRefs(text)).toBe(names.length > 0);
      }),
    );
  });

  it('leaves any text without a reference as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', 'i', '.', 'a', '0', '-', ':', '=', ' ', '(', '?') }),
        (text) => {
          expect(replaced(text)).toBe(text);
          expect(imageRefsIn(text)).toEqual([]);
        },
      ),
    );
  });
});

describe('takes time in proportion to the text', () => {
  /** Ten times the text may take fifty times as long, because of what a measurement is worth, and not a hundred times. */
  const expectLinear = (build: (count: number) => string): void => {
    const measure = (count: number): number => {
      const text = build(count);
      const times = Array.from({ length: 5 }, () => {
        const began = cpuMs();
        replaced(text);
        hasLocalRefs(text);
        return cpuMs() - began;
      });
      return Math.min(...times);
    };
    measure(1_000);
    expect(measure(10_000)).toBeLessThan(Math.max(150, 50 * measure(1_000)));
  };

  it.each<[string, (count: number) => string]>([
    ['ten thousand references', (count) => `![](${ref})\n`.repeat(count)],
    ['ten thousand references in one word', (count) => `${ref}?`.repeat(count)],
    ['ten thousand folders before a reference', (count) => `${'/aaaa'.repeat(count)}${ref}x`],
    ['ten thousand beginnings of an origin', (count) => `${'a://b'.repeat(count)}${ref}x`],
    ['ten thousand beginnings of a reference', (count) => '/i/'.repeat(count)],
    ['ten thousand attributes', (count) => `${'a='.repeat(count)}${ref}`],
    ['ten thousand full stops', (count) => `${ref}${'.'.repeat(count)}x`],
  ])('with %s', (_, build) => expectLinear(build));
});
