/** One way in which people use the package: what is installed with what, and how it is started, built and checked. */
export interface Cell {
  /** As in the table, and for `--only`. */
  name: string;
  /** Only run with `--all`. */
  isExtra?: boolean;
  /** A version of Node, as npm has it. @default '24' */
  node?: string;
  /** @default 'npm' */
  installer?: Installer;
  /** The name of the app's folder. @default 'app' */
  folder?: string;
  /** Packages beside ours, with versions as npm takes them. */
  dependencies?: Record<string, string>;
  /** A tool that apps are tested with: then it also has to show the picture offline, once it is cached. */
  isForTests?: boolean;
  /** What is written into the app before the installation, by path. */
  files?: Record<string, string>;
  /** Runs `npm create …` instead of `files`, in the folder above the app's. */
  create?: readonly string[];
  /** What is done to a created app before the installation. */
  prepare?: (app: string) => Promise<void>;
  /** Programs of the app's own packages, with arguments; `{port}` is the port it is to listen at. */
  dev?: readonly string[];
  build: readonly string[];
  types?: readonly string[];
  /** Tests that look at the picture themselves, for tools that have no server to look at. */
  test?: readonly string[];
  /** Where the picture is. @default '/' */
  page?: string;
  /** The text to change while the page is open: `before` in it becomes `after`. */
  source: string;
  /** Frameworks that answer a change by loading the page again. @default 'update' */
  hmr?: 'update' | 'reload';
  /** Why it cannot be run here. It is shown in the table. */
  notAvailable?: string;
}

export type Installer = 'npm' | 'pnpm' | 'yarn-pnp' | 'bun';

/** The object that every app shows. */
export const PICTURE = { bucket: 'team-photos', key: 'portrait.jpg', url: 's3://team-photos/portrait.jpg' } as const;

/** The component that every app shows, in a file of its own so that it can be updated in place. */
export const APP = `import { CachedImage } from 'vite-plugin-image-cache/react'

export default function App() {
  return (
    <main>
      <h1>before</h1>
      <CachedImage s3_url="${PICTURE.url}" alt="Training image" />
    </main>
  )
}
`;

export const REACT = { react: '19', 'react-dom': '19' };
export const TYPES = { typescript: '5.9', '@types/react': '19', '@types/react-dom': '19', '@types/node': '22' };

export const TSCONFIG = json({
  compilerOptions: {
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['vite/client', 'node'],
  },
  include: ['src', 'app', 'pages', '*.ts'],
});

export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Our plugin. Endpoint and credentials are those of the AWS environment. */
export const OURS = `imageCache({ buckets: ['${PICTURE.bucket}'] })`;

/** A Vite config, with the lines of other plugins, and ours. */
export function viteConfig(imports: string, plugins: string, rest = ''): string {
  return `${imports}
import { defineConfig } from 'vite'
import { imageCache } from 'vite-plugin-image-cache'

export default defineConfig({ plugins: [${plugins}, ${OURS}]${rest} })
`;
}

/** A React app of one page, as Vite's template has it, with more packages and files. */
export function reactApp(
  vite: string,
  pluginReact: string,
  dependencies: Record<string, string> = {},
  files: Record<string, string> = {},
): Omit<Cell, 'name'> {
  return {
    dependencies: { ...REACT, ...TYPES, vite, '@vitejs/plugin-react': pluginReact, ...dependencies },
    files: {
      'index.html': '<!doctype html><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
      'vite.config.ts': viteConfig("import react from '@vitejs/plugin-react'", 'react()'),
      'tsconfig.json': TSCONFIG,
      'src/App.tsx': APP,
      'src/main.tsx': `import { createRoot } from 'react-dom/client'
import App from './App'

createRoot(document.getElementById('root')!).render(<App />)
`,
      ...files,
    },
    dev: ['vite', '--port', '{port}', '--strictPort'],
    build: ['vite', 'build'],
    types: ['tsc', '--noEmit'],
    source: 'src/App.tsx',
  };
}
