import { pasteReadme } from '../../e2e/readmeApp.ts';
import { type Cell, reactApp } from '../cell.ts';
import { preactApp } from './preactApp.ts';

/** The newest Vite of each major version, and the plugin for React that goes with it. */
const VITE_8 = reactApp('8', '6');

export const viteCells: Cell[] = [
  { name: 'Vite 8', ...VITE_8 },
  { name: 'Vite 7', ...reactApp('7', '5') },
  { name: 'Vite 6', ...reactApp('6', '4') },
  { name: 'Vite 5', ...reactApp('5', '4') },
  {
    name: 'React 18.3',
    ...reactApp('8', '6', { react: '18.3', 'react-dom': '18.3', '@types/react': '18', '@types/react-dom': '18' }),
  },
  { name: 'Preact', ...preactApp },
  {
    name: 'README on Vite 7',
    create: ['vite@8.2.0', 'app', '--template', 'react-ts', '--no-interactive'],
    prepare: pasteReadme,
    dev: ['vite', '--port', '{port}', '--strictPort'],
    build: ['vite', 'build'],
    types: ['tsc', '-b', '--force'],
    source: 'src/App.tsx',
  },
  { name: 'Node 20.19', node: '20.19', ...VITE_8 },
  { name: 'Node 22', node: '22', ...VITE_8 },
  { name: 'Node 24', node: '24', ...VITE_8 },
  { name: 'pnpm', installer: 'pnpm', ...VITE_8 },
  // Vite 8.4.0 names an optional package that npm's registry did not have; only Yarn minds.
  { name: 'Yarn PnP', installer: 'yarn-pnp', ...reactApp('~8.3.8', '6') },
  { name: 'bun', installer: 'bun', ...VITE_8 },
  { name: 'a path with spaces and [', isExtra: true, folder: 'my [old] app (2)', ...VITE_8 },
];
