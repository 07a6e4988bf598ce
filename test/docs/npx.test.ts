import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documentsIn = (folder: string) =>
  readdirSync(join(root, folder)).flatMap((name) => (name.endsWith('.md') ? [join(root, folder, name)] : []));

it('names this package, or one that is installed with it, wherever a document says npx: a stranger may have published any other', () => {
  const named = [...documentsIn('.'), ...documentsIn('docs')].flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(/(?<!Not `)\bnpx (?:-\S+ )*([\w@/-]+) ?(\w*)/g), ([, name]) => name),
  );
  const others = new Set(named);
  // Of the recipes, and “which npx would fetch”.
  for (const known of ['vite-plugin-image-cache', 'vite', 'vitest', 'playwright', 'storybook', 'would'])
    others.delete(known);
  expect(named).toContain('vite-plugin-image-cache');
  expect([...others]).toEqual([]);
});
