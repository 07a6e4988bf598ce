import { describe, expect, test } from 'vitest';
import { isSvg } from '../../plugin/images/svg.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { codeOf, text } from './bytes.ts';
import { inspectAlone } from './inspectAlone.ts';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>';

test.each([
  ['as it is', SVG],
  ['a byte order mark', `\xef\xbb\xbf${SVG}`],
  ['an XML declaration', `<?xml version="1.0" encoding="UTF-8"?>\n${SVG}`],
  ['comments that name other elements', `<!-- <html> --><!-- > -->${SVG}`],
  ['a doctype', `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">${SVG}`],
  ['a doctype with entities', `<!DOCTYPE svg [ <!ENTITY a "<html>"> <!ENTITY b '&a;&a;'> ]>${SVG}`],
  ['a prefix', '<s:svg xmlns:s="http://www.w3.org/2000/svg"></s:svg>'],
  ['nothing within', '<svg/>'],
])('T13: an SVG is recognised with %s', (_name, svg) => {
  expect(isSvg(text(svg))).toBe(true);
  expect(inspectAlone(text(svg)).contentType).toBe('image/svg+xml');
});

test.each(['utf-16le', 'utf-16be'])('T13: an SVG in %s is recognised by its byte order mark', (encoding) => {
  const littleEndian = Buffer.from(`\ufeff${SVG}`, 'utf16le');
  expect(isSvg(encoding === 'utf-16le' ? littleEndian : littleEndian.swap16())).toBe(true);
});

test.each([
  ['an HTML page with an SVG', `<!doctype html><html><body>${SVG}</body></html>`],
  ['an SVG in a comment', `<!-- ${SVG} --><html></html>`],
  ['an element whose name begins with svg', '<svgx></svgx>'],
  ['capitals', '<SVG></SVG>'],
  ['text before it', `hello ${SVG}`],
  ['a comment that never ends', `<!-- ${SVG}`],
])('T13: %s is not an SVG', (_name, document) => {
  expect(isSvg(text(document))).toBe(false);
});

describe('the size', () => {
  test.each([
    ['width="30" height="20px"', { width: 30, height: 20 }],
    ["width='30.4' height='19.6'", { width: 30, height: 20 }],
    ['WIDTH="1" width="+30" height="20.0PX"', { width: 30, height: 20 }],
    ['viewBox="0 0 300 200"', {}],
    ['width="30" viewBox="0 0 300 200"', {}],
    ['width="100%" height="100%" viewBox="0,0,300,200"', {}],
    ['width="40mm" height="24mm" viewBox="0 0 40 24"', {}],
    ['width="4em" height="2em" viewBox="0 0 40 24"', {}],
    ['data-width="1" data-height="2"', {}],
    // In the value of another attribute.
    [`aria-label=' width="99"' width="30" height="20"`, { width: 30, height: 20 }],
    [`data-code=" height='99' " width="30" height="20"`, { width: 30, height: 20 }],
    [`title=' width="9" height="9"'`, {}],
    ['\n\twidth = "30"\n\theight\n= \'20\'', { width: 30, height: 20 }],
    ['xlink:width="9" width="30" height="20"', { width: 30, height: 20 }],
    // As browsers understand it, or not at all.
    ['width="30" height="20" style="width:60px;height:10px"', { width: 30, height: 20 }],
    ['width="30 px" height="20"', {}],
    ['width="calc(10px + 20px)" height="20"', {}],
    ['width="30pt" height="20pt"', {}],
    ['width="auto" height="auto"', {}],
    ['width="0" height="0"', {}],
    ['width="9e99" height="-4"', {}],
  ])('B19: of <svg %s> is %j', (attributes, size) => {
    expect(inspectAlone(text(`<svg ${attributes}/>`))).toEqual({
      contentType: 'image/svg+xml',
      extension: 'svg',
      ...size,
    });
  });
});

test('T33: the end tag of an inner svg does not end the document', () => {
  expect(codeOf(() => inspectAlone(text('<svg><svg></svg>')))).toBe('UPSTREAM_TRUNCATED');
});

test('T40: entity bombs are not expanded', () => {
  const entities = Array.from({ length: 50 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const bomb = text(`<!DOCTYPE svg [<!ENTITY l0 "ha">${entities}]><svg width="3" height="2">&l50;</svg>`);
  const start = cpuMs();
  expect(inspectAlone(bomb)).toMatchObject({ width: 3, height: 2 });
  expect(cpuMs() - start).toBeLessThan(100);
});

test.each([' ', 'a', 'a ', 'a=', '=', 'a="', '"', "a='b' "])(
  'T42: a root element full of %j takes linear time',
  (part) => {
    const start = cpuMs();
    const svg = text(`<svg ${part.repeat(Math.floor(60_000 / part.length))} width="3" height="2"></svg>`);
    try {
      inspectAlone(svg);
    } catch {
      // What it is found to be is not the point.
    }
    expect(cpuMs() - start).toBeLessThan(200);
  },
);

test('T42: a megabyte of unclosed tags takes linear time', () => {
  const start = cpuMs();
  expect(codeOf(() => inspectAlone(text(`<svg>${'<a b=">"'.repeat(125_000)}`)))).toBe('UPSTREAM_TRUNCATED');
  expect(cpuMs() - start).toBeLessThan(500);
});
