import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('page', import.meta.url));
const kit = fileURLToPath(new URL('../../../dist/components/index.js', import.meta.url));

/**
 * Builds the page of the scenes, with the kit as it is published and as users of an app have it: without what it says to developers
 * only.
 * @param react that of development mounts everything twice in StrictMode; that of production is as fast as users have it
 */
export async function buildPage(outDir: string, react: 'development' | 'production'): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { 'vite-plugin-image-cache/react': kit } },
    define: {
      'import.meta.env.DEV': 'false',
      'import.meta.env.PROD': 'true',
      'process.env.NODE_ENV': JSON.stringify(react),
    },
    oxc: { jsx: { runtime: 'automatic', development: react === 'development' } },
    build: { outDir, emptyOutDir: true, reportCompressedSize: false },
  });
}
