import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { githubAnchor } from '../../docs/.vitepress/asOnGitHub.ts';
import { sideBar } from '../../docs/.vitepress/sideBar.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const markdownIn = (folder: string) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
const documents = [...markdownIn('.'), ...markdownIn('docs').map((name) => `docs/${name}`)];

const textOf = (document: string) =>
  readFileSync(join(root, document), 'utf8').replace(/^( *)(```|~~~~?)[^]*?^\1\2$/gm, '');
/** Code shows itself, whatever it contains. */
const withoutCode = (text: string) => text.replace(/(`+)[^]*?[^`]\1(?!`)/g, '');

/** As GitHub makes them of headings: the second one of a name ends with `-1`. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    const anchor = githubAnchor(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

function deadLinksOf(document: string, text = textOf(document)): string[] {
  const links = Array.from(withoutCode(text).matchAll(/\]\((?!https?:)([^)]+)\)/g), ([, link = '']) => link);
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : join(dirname(document), path);
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(textOf(target)).includes(anchor));
  });
}

describe('links in the documents', () => {
  it.each(documents)('of %s lead to a file, and to a heading of it', (document) =>
    expect(deadLinksOf(document)).toEqual([]),
  );

  it('are found dead by a file, a heading, and a heading of another page that is not there', () => {
    const text = '[a](./gone.md) [b](#gone) [c](./options.md#gone) [d](./options.md) `[e](./code.md)`';
    expect(deadLinksOf('docs/http.md', text)).toEqual(['./gone.md', '#gone', './options.md#gone']);
  });

  it('name the second heading of the same name as GitHub does', () =>
    expect(anchorsOf('# A `b_c`\n\n## What, now?\n\n## What now')).toEqual(['a-b_c', 'what-now', 'what-now-1']));
});

it('the cookbook lists all of its recipes, in their order', () => {
  const text = textOf('docs/cookbook.md');
  const listed = Array.from(text.matchAll(/^- \[.*\]\(#(.+)\)$/gm), ([, anchor]) => anchor);
  const recipes = Array.from(text.matchAll(/^## .+$/gm), ([heading]) => heading).join('\n');
  expect(listed).toEqual(anchorsOf(recipes));
});

describe('the site of the documents', () => {
  it('has every page in its side bar once, and nothing that is not there', () => {
    const pages = sideBar.flatMap(({ items }) => items.map(({ link }) => link));
    const expected = documents.map((name) => (name === 'README.md' ? '/' : `/${name.replace(/\.md$/, '')}`));
    expect(pages.toSorted()).toEqual(expected.toSorted());
  });

  it.each(documents)('%s has nothing that would look different on GitHub and npm', (document) => {
    const text = textOf(document);
    expect(text, 'frontmatter is a table there').not.toMatch(/^---\n/);
    expect(text, 'containers and includes of VitePress').not.toMatch(/^(:::|<!--|\[\[toc\]\]|<<< )/im);
    expect(text, 'anchors of VitePress').not.toMatch(/^#+ .*\{#[\w-]+\}$/m);
    expect(withoutCode(text), 'HTML, which the site shows as text').not.toMatch(/<\/?[a-z][^>]*>/i);
  });
});
