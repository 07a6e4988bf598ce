import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import manifest from '../../package.json' with { type: 'json' };
import { asOnGitHub } from './asOnGitHub.ts';
import { sideBar } from './sideBar.ts';

/** The site of the documents: `npm run docs:dev`, `npm run docs:build`. The README is its front page, and its addresses are the paths of the files. */
export default defineConfig({
  title: manifest.name,
  description: manifest.description,
  lang: 'en',
  srcDir: '..',
  srcExclude: ['{build,components,demo,plugin,test}/**'],
  rewrites: { 'README.md': 'index.md' },
  markdown: asOnGitHub,
  /** A page links to it. */
  async buildEnd({ srcDir, outDir }) {
    await copyFile(join(srcDir, 'docs/grafana.json'), join(outDir, 'docs/grafana.json'));
  },
  vite: { configFile: false }, // the one of this repository is for the demo
  themeConfig: {
    nav: [
      { text: 'Cookbook', link: '/docs/cookbook' },
      { text: 'Options', link: '/docs/options' },
      { text: 'API', link: '/docs/api' },
      { text: manifest.version, link: '/CHANGELOG' },
    ],
    sidebar: sideBar,
    outline: { level: [2, 3] },
    search: { provider: 'local' }, // in the browser, without a service
  },
});
