import { expect, test } from 'vitest';
import { parseRoute } from '../../../demo/src/useRoute.ts';

test.each([
  ['#/actor/0001', { page: 'actor', id: '0001' }],
  ['#/compare/0040', { page: 'compare', id: '0040' }],
  ['#/add', { page: 'add' }],
  ['#/notes', { page: 'notes' }],
  ['#/notes/0123456789abcdef', { page: 'notes', note: '0123456789abcdef' }],
])('%s is a page of its own', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

test.each([
  '',
  '#',
  '#/',
  '#main',
  '#/actor/',
  '#/actor/1',
  '#/actor/0001/x',
  '#/secret/0001',
  '#/notes/1',
  '#/notes/',
])('%j is the gallery', (hash) => {
  expect(parseRoute(hash)).toEqual({ page: 'gallery' });
});
