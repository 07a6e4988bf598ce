import { APP, type Cell, json, viteConfig } from '../cell.ts';

/** An app on Preact, as its template for Vite has it. */
export const preactApp: Omit<Cell, 'name'> = {
  dependencies: {
    preact: '11',
    '@preact/preset-vite': '2',
    '@babel/core': '7',
    '@types/node': '22',
    typescript: '5.9',
    vite: '8',
  },
  files: {
    'index.html': '<!doctype html><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
    'vite.config.ts': viteConfig("import preact from '@preact/preset-vite'", 'preact()'),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2023', 'dom', 'dom.iterable'],
        module: 'esnext',
        moduleResolution: 'bundler',
        jsx: 'react-jsx',
        jsxImportSource: 'preact',
        paths: { react: ['./node_modules/preact/compat'], 'react-dom': ['./node_modules/preact/compat'] },
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['vite/client', 'node'],
      },
      include: ['src', '*.ts'],
    }),
    'src/App.tsx': APP,
    'src/main.tsx': `import { render } from 'preact'
import App from './App'

render(<App />, document.getElementById('root')!)
`,
  },
  dev: ['vite', '--port', '{port}', '--strictPort'],
  build: ['vite', 'build'],
  types: ['tsc', '--noEmit'],
  source: 'src/App.tsx',
};
