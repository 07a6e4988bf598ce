import * as kit from 'vite-plugin-image-cache/sw';

declare global {
  interface Window {
    offline: typeof kit;
  }
}

window.offline = kit;
