import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const HEAD = `# Licences of what is bundled

Parts of these packages are in \`dist/\`. Each is under the licence of its authors.
`;

/**
 * The licences of packages that were published without one: LICENSE.md of https://github.com/evanw/thumbhash, as it was when 0.1.1 was
 * published.
 */
const NOT_IN_THE_PACKAGE: Record<string, string> = {
  thumbhash: `Copyright (c) 2023 Evan Wallace

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`,
};

/**
 * The licences of the packages that modules come from, as a page.
 * @param modules absolute paths
 * @throws Error naming a package whose licence is not found: then it must not be bundled
 */
export async function licensesOf(modules: readonly string[]): Promise<string> {
  const directories = new Set(modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const sections = await Promise.all([...directories].map(sectionOf));
  return [HEAD, ...sections.toSorted((a, b) => a.localeCompare(b, 'en'))].join('\n');
}

async function sectionOf(directory: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Record<
    'name' | 'version' | 'license',
    string
  >; // npm has installed it, so it has these
  const file = (await readdir(directory)).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  const text = file === undefined ? NOT_IN_THE_PACKAGE[name] : await readFile(join(directory, file), 'utf8');
  if (text === undefined) throw new Error(`The licence of ${name} is not in its package.`);
  return `## ${name} ${version} (${license})\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`;
}
