import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { imageCache } from 'vite-plugin-image-cache';
import { demoBackend } from './demo/backend.ts';
import { notesBackend } from './demo/notes.ts';
import { readStorage } from './demo/settings.ts';
import { uploadFaultsPlugin } from './demo/uploadFaults.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const storage = readStorage();
/** `npm run demo:pwa` */
const isPwa = process.env['DEMO_PWA'] !== undefined;
const { pwaPlugin } = isPwa ? await import('./demo/pwa.ts') : { pwaPlugin: () => [] };

/** The demo: `npm run demo` starts it, with an S3 server behind it. */
export default defineConfig({
  root: here('demo'),
  cacheDir: here('node_modules/.vite'),
  build: {
    outDir: process.env['DEMO_BUILD_DIR'] ?? here('node_modules/.cache/image-cache-demo-build'),
    emptyOutDir: true,
  },
  // The package itself is outside the demo's folder.
  server: { fs: { allow: [here('.')] }, warmup: { clientFiles: ['src/**/*.tsx'] } },
  optimizeDeps: {
    // Named, so that the first start needs no second look (and no reload) when the page asks for them; and this package, so
    // that it is bundled as in any app that has installed it.
    include: [
      'react',
      'react-dom/client',
      'react/jsx-dev-runtime',
      'vite-plugin-image-cache/react',
      'vite-plugin-image-cache/sw',
      'vite-plugin-image-cache/uploads',
      'react-dropzone',
    ],
    // Vite sees that an installed package has changed, not that this one was built again.
    force: true,
  },
  plugins: [
    react(),
    uploadFaultsPlugin(),
    imageCache({
      buckets: [
        {
          name: storage.bucket,
          region: storage.region,
          ...(storage.endpoint !== undefined && { endpoint: storage.endpoint, forcePathStyle: true }),
          ...(storage.credentials !== undefined && { credentials: storage.credentials }),
        },
      ],
      cacheDir: process.env['DEMO_CACHE_DIR'] ?? here('.image-cache'),
      ...(isPwa && { serviceWorker: {} }),
      uploads: {
        bucket: storage.bucket,
        outboxDir: process.env['DEMO_OUTBOX_DIR'] ?? here('.image-outbox'),
        // A picture that no note uses any more goes at once, so that this can be seen. By default it stays for seven days.
        references: 'bucket',
        gracePeriod: 0,
      },
    }),
    pwaPlugin(),
    demoBackend(storage),
    notesBackend({ file: process.env['DEMO_NOTES_FILE'] ?? here('node_modules/.cache/image-cache-demo-notes.json') }),
  ],
});
