import { describe, expect, test } from 'vitest';
import { childText, parseXml, toXml } from '../../../demo/s3/xml.ts';

test('what was written is read back', () => {
  const text = `<&>"' \u0001 ü \u{1F600}`;
  const document = toXml('Root', { Text: text, Item: [{ N: 1 }, { N: 2 }], Left: undefined });
  const root = parseXml(document, 'Root');
  expect(childText(root, 'Text')).toBe(text);
  expect(root.children.map((child) => child.name)).toEqual(['Text', 'Item', 'Item']);
});

test('prefixes, attributes, comments and empty elements are understood', () => {
  const root = parseXml('<?xml version="1.0"?><!-- a --><s3:Root xmlns:s3="x"><s3:A/><B> b </B></s3:Root>\n', 'Root');
  expect(root.children).toEqual([
    { name: 'A', children: [], text: '' },
    { name: 'B', children: [], text: ' b ' },
  ]);
});

describe('what is not well-formed is refused', () => {
  test.for([
    ['nothing', ''],
    ['another root', '<Other/>'],
    ['two roots', '<Root/><Root/>'],
    ['an open element', '<Root><A></Root>'],
    ['text around the root', 'a<Root/>'],
    ['a torn tag', '<Root><A'],
    ['a doctype', '<!DOCTYPE Root [<!ENTITY a "b">]><Root>&a;</Root>'],
    ['an unknown entity', '<Root>&nbsp;</Root>'],
    ['a bare ampersand', '<Root>a & b</Root>'],
    ['a code point that is none', '<Root>&#x110000;</Root>'],
    ['too deep a tree', '<Root>'.repeat(100_000)],
  ] as const)('%s', ([, document]) => {
    expect(() => parseXml(document, 'Root')).toThrow('not well-formed');
  });
});
