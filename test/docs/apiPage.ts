import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Declaration, declarationsOf, isType } from './declarations.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the page is. */
export const API_PAGE = join(root, 'docs/api.md');

const ENTRIES = [
  ['vite-plugin-image-cache', 'plugin/index.ts', 'The plugin, for `vite.config.ts`.'],
  ['vite-plugin-image-cache/express', 'plugin/express.ts', 'The same engine in a server of your own.'],
  ['vite-plugin-image-cache/client', 'components/client/index.ts', 'In the browser, without React.'],
  ['vite-plugin-image-cache/react', 'components/index.ts', 'In the browser, with React: all of `/client`, and:'],
  [
    'vite-plugin-image-cache/uploads',
    'components/uploads/index.ts',
    'In the browser: pictures that are picked and uploaded.',
  ],
  [
    'vite-plugin-image-cache/sw',
    'components/sw/index.ts',
    'In a service worker: pictures for offline pages; the functions with `Offline` in their names and `registerImageWorker` are for pages.',
  ],
  ['vite-plugin-image-cache/overlay', 'components/overlay/index.ts', 'In pages during development, without React.'],
  ['vite-plugin-image-cache/testing', 'components/testing/index.ts', 'In component tests and stories.'],
] as const;

const HEAD = `# API

Generated from the docstrings by \`npm run docs\`. How things are done is in the [cookbook](./cookbook.md); the HTTP calls
are in [http.md](./http.md).
`;

/** The API page, made of what the entry points export and what their docstrings say. */
export function apiPage(): string {
  const shown = new Set<string>();
  const parts = ENTRIES.map(([name, file, about]) => {
    const fresh = declarationsOf(join(root, file)).filter(({ code }) => !shown.has(code));
    for (const { code } of fresh) shown.add(code);
    const values = fresh.filter((each) => !isType(each)).map(section);
    const types = fresh.filter(isType).map(section);
    return [`## ${name}`, about, ...values, ...(types.length > 0 ? ['### Types', ...types] : [])].join('\n\n');
  });
  return formatted([HEAD, ...parts].join('\n'));
}

function section(declaration: Declaration): string {
  const { name, docstring, code } = declaration;
  return [`${isType(declaration) ? '####' : '###'} ${name}`, toMarkdown(docstring), `\`\`\`ts\n${code}\n\`\`\``]
    .filter((part) => part !== '')
    .join('\n\n');
}

function toMarkdown(docstring: string): string {
  const [text = '', ...tags] = docstring.split(/^@/m);
  return [text.trim(), ...tags.map(tagToMarkdown)]
    .join('\n\n')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

function tagToMarkdown(tag: string): string {
  const [, name = '', text = ''] = /^(\w+)\s*([^]*)$/.exec(tag.trim()) ?? [];
  if (name === 'example') return text.startsWith('```') ? text : `\`\`\`tsx\n${text}\n\`\`\``;
  if (name === 'param') return text.replace(/^(\w+)\s*/, '`$1`: ');
  return `${name[0]?.toUpperCase()}${name.slice(1)}: ${text}`;
}

/** As the formatter has it, so that the page passes \`check:format\`. */
function formatted(markdown: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'image-cache-docs-'));
  try {
    const file = join(directory, 'api.md');
    writeFileSync(file, markdown);
    writeFileSync(join(directory, '.oxfmtrc.json'), readFileSync(join(root, '.oxfmtrc.json')));
    execFileSync(join(root, 'node_modules/.bin/oxfmt'), ['api.md'], { cwd: directory, stdio: 'ignore' });
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
