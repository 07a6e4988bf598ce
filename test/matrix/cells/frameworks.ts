import { readFile } from 'node:fs/promises';
import { snippetsOf } from '../../helpers/snippets.ts';
import { APP, type Cell, OURS, REACT, TSCONFIG, TYPES, reactApp, viteConfig } from '../cell.ts';

const TSC = ['tsc', '--noEmit'] as const;
const IMPORT = "import { imageCache } from 'vite-plugin-image-cache'";

/** `@react-router/serve` names the one version of the router that goes with it. */
function reactRouter(version: string, vite: string): Omit<Cell, 'name'> {
  return {
    dependencies: {
      ...REACT,
      ...TYPES,
      vite,
      'react-router': version,
      '@react-router/dev': version,
      '@react-router/node': version,
      '@react-router/serve': version,
      isbot: '5',
    },
    files: {
      'vite.config.ts': viteConfig("import { reactRouter } from '@react-router/dev/vite'", 'reactRouter()'),
      'react-router.config.ts': 'export default { ssr: true }\n',
      'tsconfig.json': TSCONFIG,
      'app/root.tsx': `import type { ReactNode } from 'react'
import { Links, Meta, Outlet, Scripts, ScrollRestoration } from 'react-router'

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head><Meta /><Links /></head>
      <body>{children}<ScrollRestoration /><Scripts /></body>
    </html>
  )
}

export default function Root() {
  return <Outlet />
}
`,
      'app/routes.ts': `import { type RouteConfig, index } from '@react-router/dev/routes'

export default [index('routes/home.tsx')] satisfies RouteConfig
`,
      'app/routes/home.tsx': APP,
    },
    dev: ['react-router', 'dev', '--port', '{port}', '--strictPort'],
    build: ['react-router', 'build'],
    types: TSC,
    source: 'app/routes/home.tsx',
  };
}

function astro(major: string, react: string): Omit<Cell, 'name'> {
  return {
    dependencies: { ...REACT, ...TYPES, astro: major, '@astrojs/react': react },
    files: {
      'astro.config.ts': `import react from '@astrojs/react'
import { defineConfig } from 'astro/config'
${IMPORT}

export default defineConfig({ integrations: [react()], vite: { plugins: [${OURS}] } })
`,
      'tsconfig.json': TSCONFIG.replace('"vite/client"', '"astro/client"'),
      'src/App.tsx': APP,
      'src/pages/index.astro': `---
import App from '../App'
---
<html lang="en"><head><title>App</title></head><body><App client:load /></body></html>
`,
    },
    dev: ['astro', 'dev', '--port', '{port}'],
    build: ['astro', 'build'],
    types: TSC,
    source: 'src/App.tsx',
  };
}

export const frameworkCells: Cell[] = [
  { name: 'React Router 8', ...reactRouter('8.4.0', '8') },
  {
    name: 'TanStack Start',
    dependencies: {
      ...REACT,
      ...TYPES,
      vite: '8',
      '@vitejs/plugin-react': '6',
      '@tanstack/react-start': '1',
      '@tanstack/react-router': '1',
    },
    files: {
      'vite.config.ts': viteConfig(
        "import { tanstackStart } from '@tanstack/react-start/plugin/vite'\nimport react from '@vitejs/plugin-react'",
        'tanstackStart(), react()',
      ),
      'tsconfig.json': TSCONFIG,
      'src/router.tsx': `import { createRouter } from '@tanstack/react-router'
import { routeTree } from './routeTree.gen'

export function getRouter() {
  return createRouter({ routeTree })
}
`,
      'src/routes/__root.tsx': `import { HeadContent, Outlet, Scripts, createRootRoute } from '@tanstack/react-router'

function Root() {
  return (
    <html lang="en">
      <head><HeadContent /></head>
      <body><Outlet /><Scripts /></body>
    </html>
  )
}

export const Route = createRootRoute({ component: Root })
`,
      'src/routes/index.tsx': `import { createFileRoute } from '@tanstack/react-router'
import App from '../App'

export const Route = createFileRoute('/')({ component: App })
`,
      'src/App.tsx': APP,
    },
    dev: ['vite', 'dev', '--port', '{port}', '--strictPort'],
    build: ['vite', 'build'],
    types: TSC,
    source: 'src/App.tsx',
  },
  { name: 'Astro 6', ...astro('6', '5') },
  {
    name: 'Waku',
    dependencies: {
      ...TYPES,
      react: '~19.2.3',
      'react-dom': '~19.2.3',
      'react-server-dom-webpack': '~19.2.3',
      waku: '0.27',
    },
    files: {
      'waku.config.ts': `import { defineConfig } from 'waku/config'
${IMPORT}

export default defineConfig({ vite: { plugins: [${OURS}] } })
`,
      'tsconfig.json': TSCONFIG,
      'src/pages/index.tsx': `import App from '../App'

export default async function HomePage() {
  return <App />
}

export const getConfig = async () => ({ render: 'dynamic' }) as const
`,
      'src/App.tsx': `'use client'\n${APP}`,
    },
    dev: ['waku', 'dev', '--port', '{port}'],
    build: ['waku', 'build'],
    types: TSC,
    source: 'src/App.tsx',
  },
  {
    name: 'Storybook 10',
    ...storybook({
      '.storybook/main.ts':
        "export default { stories: ['../src/*.stories.tsx'], framework: '@storybook/react-vite' }\n",
    }),
  },
  {
    name: 'Storybook 10, viteFinal',
    isExtra: true,
    ...storybook({
      '.storybook/main.ts': await recipeOf('.storybook/main.ts'),
      'vite.config.ts': "import react from '@vitejs/plugin-react'\n\nexport default { plugins: [react()] }\n",
    }),
  },
  {
    name: 'vite-plugin-pwa',
    ...reactApp(
      '8',
      '6',
      { 'vite-plugin-pwa': '1', 'workbox-build': '7', 'workbox-window': '7' },
      {
        'vite.config.ts': viteConfig(
          "import react from '@vitejs/plugin-react'\nimport { VitePWA } from 'vite-plugin-pwa'",
          "react(), VitePWA({ registerType: 'autoUpdate', devOptions: { enabled: true } })",
        ),
      },
    ),
  },
  { name: 'React Router 7', isExtra: true, ...reactRouter('7.18.4', '7') },
  { name: 'Astro 7', isExtra: true, ...astro('7', '7') },
  {
    name: 'Vike',
    isExtra: true,
    dependencies: { ...REACT, ...TYPES, vite: '8', '@vitejs/plugin-react': '6', vike: '0.4', 'vike-react': '0.6' },
    files: {
      'vite.config.ts': viteConfig(
        "import react from '@vitejs/plugin-react'\nimport vike from 'vike/plugin'",
        'vike(), react()',
      ),
      'tsconfig.json': TSCONFIG,
      'pages/+config.ts': "import vikeReact from 'vike-react/config'\n\nexport default { extends: [vikeReact] }\n",
      'pages/index/+Page.tsx': APP,
    },
    dev: ['vite', '--port', '{port}', '--strictPort'],
    build: ['vite', 'build'],
    types: TSC,
    source: 'pages/index/+Page.tsx',
  },
  {
    name: 'Ladle',
    isExtra: true,
    ...reactApp(
      '6',
      '4',
      { '@ladle/react': '5' },
      {
        'src/App.stories.tsx': "import App from './App'\n\nexport const Default = () => <App />\n",
      },
    ),
    dev: ['ladle', 'serve', '--port', '{port}'],
    build: ['ladle', 'build'],
    page: '/?story=app--default&mode=preview',
  },
  {
    name: 'plugin-legacy',
    isExtra: true,
    ...reactApp(
      '8',
      '6',
      { '@vitejs/plugin-legacy': '8', terser: '5' },
      {
        'vite.config.ts': viteConfig(
          "import legacy from '@vitejs/plugin-legacy'\nimport react from '@vitejs/plugin-react'",
          'react(), legacy()',
        ),
      },
    ),
  },
  vitestBrowserMode(),
];

function storybook(files: Readonly<Record<string, string>>): Omit<Cell, 'name'> {
  const packages = { storybook: '10', '@storybook/react-vite': '10' };
  const stories = "import App from './App'\n\nexport default { component: App }\n\nexport const Default = {}\n";
  return {
    ...reactApp('8', '6', packages, { 'src/App.stories.tsx': stories, ...files }),
    isForTests: true,
    dev: ['storybook', 'dev', '--port', '{port}', '--exact-port', '--no-open', '--ci'],
    build: ['storybook', 'build'],
    page: '/iframe.html?id=app--default&viewMode=story',
  };
}

/** A file as the cookbook has it. */
async function recipeOf(file: string): Promise<string> {
  const cookbook = await readFile(new URL('../../../docs/cookbook.md', import.meta.url), 'utf8');
  const found = snippetsOf(cookbook).find(({ name }) => name === file);
  if (found === undefined) throw new Error(`The cookbook has no ${file}.`);
  return found.code;
}

function vitestBrowserMode(): Cell {
  const packages = { vitest: '5', '@vitest/browser-playwright': '5', playwright: '1' };
  const { dev: _, ...app } = reactApp('8', '6', packages, {
    'vitest.config.ts': `import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
${IMPORT}

const launchOptions = { executablePath: process.env.CHROMIUM_PATH ?? '', args: ['--no-sandbox'] }

export default defineConfig({
  plugins: [react(), ${OURS}],
  test: {
    browser: { enabled: true, headless: true, provider: playwright({ launchOptions }), instances: [{ browser: 'chromium' }] },
  },
})
`,
    'src/App.test.tsx': `import { createRoot } from 'react-dom/client'
import { expect, test } from 'vitest'
import App from './App'

test('the picture comes from the cache', async () => {
  const root = document.body.appendChild(document.createElement('div'))
  createRoot(root).render(<App />)
  await expect.poll(() => root.querySelector('img')?.naturalWidth, { timeout: 15_000 }).toBe(120)
  expect(root.querySelector('img')?.currentSrc).toContain('/api/cache/image')
})
`,
  });
  return { name: 'Vitest browser mode', isExtra: true, isForTests: true, ...app, test: ['vitest', 'run'] };
}
