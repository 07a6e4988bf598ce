import { defineConfig } from 'vitepress';
import site from '../../../../docs/.vitepress/config.ts';

/** The site without colours in its code, which are most of the time of a build. */
export default defineConfig({
  extends: site,
  srcDir: '../../..',
  markdown: {
    highlight: (code) =>
      `<pre v-pre><code>${code.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</code></pre>`,
  },
});
