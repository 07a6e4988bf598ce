import { readFile } from 'node:fs/promises';

/** The blocks of nginx's configuration in docs/cdn.md. */
export type Recipe = 'proxy_cache' | 'X-Accel-Redirect';

/** What the recipes name, and what takes its place in a test. */
export interface RecipePlaces {
  /** Where nginx listens on loopback. */
  port: number;
  /** Where nginx finds the server, `host:port`. */
  server: string;
  /** Where nginx may write. */
  dir: string;
  cacheDir: string;
}

/** The recipe as it is in docs/cdn.md, but for ports and directories. @throws Error if the text names another port or directory */
export async function readRecipe(recipe: Recipe, { port, server, dir, cacheDir }: RecipePlaces): Promise<string> {
  const page = await readFile(new URL('../../docs/cdn.md', import.meta.url), 'utf8');
  const blocks = Array.from(page.matchAll(/^```nginx\n([^]*?)^```$/gm), ([, code = '']) => code);
  const text = blocks.find((block) => block.includes('internal;') === (recipe === 'X-Accel-Redirect')) ?? '';
  const places: [string, string][] = [
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ['127.0.0.1:3000', server],
    recipe === 'proxy_cache' ? ['/var/cache/nginx', dir] : ['/srv/app/.image-cache', cacheDir],
  ];
  return places.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`The recipe of docs/cdn.md has no ${from}.`);
    return changed.replaceAll(from, to);
  }, text);
}

/** The secret that the recipe has. */
export const RECIPE_SECRET = 'the-secret-of-the-option-nginx';
