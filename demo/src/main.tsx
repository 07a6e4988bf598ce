import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import './styles/base.css';
import './styles/header.css';
import './styles/pictures.css';
import './styles/compare.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
if (import.meta.env.PROD) {
  const { startOffline } = await import('./startOffline.ts');
  await startOffline();
}
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
