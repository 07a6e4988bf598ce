import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { API_PAGE, apiPage } from './apiPage.ts';
import { declarationsOf } from './declarations.ts';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

it('docs/api.md is what the docstrings say; `npm run docs` writes it', () => {
  expect(readFileSync(API_PAGE, 'utf8')).toBe(apiPage());
});

it.each([
  ['plugin/index.ts', 'imageCache', 'function'],
  ['plugin/express.ts', 'createImageCache', 'function'],
  ['components/client/index.ts', 'imageCache', 'const'],
  ['components/client/index.ts', 'ImageCacheRequestError', 'class'],
  ['components/index.ts', 'PrefetchProgress', 'const'],
  ['components/index.ts', 'usePrefetch', 'function'],
  ['components/index.ts', 'ManifestEntry', 'interface'],
])('%s exports %s, with a docstring', (file, name, kind) => {
  const found = declarationsOf(source(file)).find((each) => each.name === name);
  expect(found).toMatchObject({ kind });
  expect(found?.docstring).not.toBe('');
});

it.each([
  'plugin/index.ts',
  'plugin/express.ts',
  'components/client/index.ts',
  'components/index.ts',
  'components/uploads/index.ts',
  'components/testing/index.ts',
])('no private member and no body of %s is shown', (file) => {
  const declarations = declarationsOf(source(file));
  expect(declarations.length).toBeGreaterThan(3);
  for (const { name, code } of declarations) expect(code, name).not.toMatch(/^\s*(#\w|return |const \w+ = \()/m);
});
