import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** The tests of what renderers do in their own ways: refs, clean-ups, effects, hooks, Suspense, attributes, hydration. */
const CORE = [
  'CachedImage',
  'hooks',
  'hydration',
  'imageBase',
  'placeholder',
  'PrefetchProgress',
  'wanted',
  'uploads/react/hooks',
  'uploads/react/UploadList',
  'uploads/react/UploadedImage',
] as const;

/** Modules of React, and what takes their place. */
type Replacements = Readonly<Record<string, string>>;

const REACT: Replacements = {
  react: 'react',
  'react/jsx-runtime': 'react/jsx-runtime',
  'react/jsx-dev-runtime': 'react/jsx-dev-runtime',
  'react-dom': 'react-dom',
  'react-dom/client': 'react-dom/client',
  'react-dom/server': 'react-dom/server',
  'react-dom/test-utils': 'react-dom/test-utils',
};

/** As docs/compatibility.md tells apps to do it. */
const PREACT: Replacements = {
  react: 'preact/compat',
  'react/jsx-runtime': 'preact/jsx-runtime',
  'react/jsx-dev-runtime': 'preact/jsx-dev-runtime',
  'react-dom': 'preact/compat',
  'react-dom/client': 'preact/compat/client',
  'react-dom/server': 'preact/compat/server',
  'react-dom/test-utils': 'preact/test-utils',
};

/** @param folder that has the renderer, so that each brings the modules that belong to it */
function replaceReact(replacements: Replacements, folder: string): Plugin {
  const importer = fileURLToPath(new URL(`${folder}/package.json`, import.meta.url));
  return {
    // Vitest tells what it has transformed for one project from that for another by the names of plugins.
    name: `react from ${folder}`,
    enforce: 'pre',
    async resolveId(id, _importer, options) {
      const replacement = replacements[id];
      return replacement === undefined ? null : this.resolve(replacement, importer, { ...options, skipSelf: true });
    },
  };
}

interface Renderer {
  name: string;
  plugin: Plugin;
  /** Names of files in test/components. */
  tests: readonly string[];
}

export const renderers: readonly Renderer[] = [
  { name: 'react-18', plugin: replaceReact(REACT, 'react-18'), tests: CORE },
  { name: 'preact-10', plugin: replaceReact(PREACT, 'preact-10'), tests: CORE },
  // In all that the others test it is like one of them.
  { name: 'preact-11', plugin: replaceReact(PREACT, '../..'), tests: ['CachedImage', 'hydration'] },
];
