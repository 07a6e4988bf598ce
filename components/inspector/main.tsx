import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { Announcer } from './parts/announcer.tsx';
import { createServer } from './server/server.ts';
import { ServerProvider } from './server/serverContext.tsx';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ServerProvider server={createServer()}>
        <Announcer>
          <App />
        </Announcer>
      </ServerProvider>
    </StrictMode>,
  );
}
