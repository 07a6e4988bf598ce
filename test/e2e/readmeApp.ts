import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { snippetsOf } from '../helpers/snippets.ts';
import { root } from './tarball.ts';

/**
 * Pastes the README's lines into what `npm create vite -- --template react-ts` has made. The configuration takes the place of the
 * template's; the import and the element go into its component, and what tells a build of a server goes before all else.
 */
export async function pasteReadme(app: string): Promise<void> {
  const [config, usage] = snippetsOf(await readFile(join(root, 'README.md'), 'utf8'));
  const production = snippetsOf(await readFile(join(root, 'docs', 'production.md'), 'utf8'));
  const inProduction = production.find(({ code }) => code.includes('configureImageCache('));
  const [, importLine = '', element = ''] = /^(import .*\n)\n(<CachedImage .*\/>);\n$/.exec(usage?.code ?? '') ?? [];
  await writeFile(join(app, config?.name ?? ''), config?.code ?? '');
  const file = join(app, 'src', 'App.tsx');
  const template = await readFile(file, 'utf8');
  const component = template.replace('<h1>', () => `${element}\n          <h1>`);
  await writeFile(join(app, 'src', 'production.ts'), inProduction?.code ?? '');
  await writeFile(
    file,
    `import './production.ts'\n${importLine}${component}\nconst photo = { url: 's3://team-photos/portrait.jpg' }\n`,
  );
}
