import type { MarkdownOptions } from 'vitepress';

/** What a heading is linked by on GitHub and npm: the site has the same anchors, so that a link works in all three places. */
export function githubAnchor(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/**
 * Makes VitePress read the documents as GitHub and npm do. By itself it would compile them as Vue templates: `<name>` in a sentence
 * would be a component, and `{{ name }}` would be replaced.
 */
export const asOnGitHub: MarkdownOptions = {
  html: false,
  anchor: { slugify: githubAnchor },
  // Each of these is a syntax that is plain text elsewhere.
  attrs: { disable: true },
  config(md) {
    const text = md.renderer.rules.text ?? (() => '');
    md.renderer.rules.text = (...args) => text(...args).replaceAll('{{', '&#123;&#123;');
  },
};
