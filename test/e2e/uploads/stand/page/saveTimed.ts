import type { ImageUploads } from 'vite-plugin-image-cache/uploads';

export interface TimedSave {
  /** Until it was safe, in milliseconds. */
  ms: number;
  /** The longest time in which the page could do nothing, in milliseconds. */
  blockedMs: number;
}

/** Saves the file that was picked again and again. Each time it has another digest, since its last byte is counted up. */
export async function saveTimed(uploads: ImageUploads, times: number): Promise<TimedSave[]> {
  const [file] = document.querySelector('input')?.files ?? [];
  if (!file) throw new Error('Nothing was picked.');
  const results: TimedSave[] = [];
  for (let n = 0; n < times; n += 1) {
    const again = new File([file, new Uint8Array([n])], `${n}.jpg`);
    const watch = watchThread();
    const began = performance.now();
    await uploads.upload(again);
    const ms = performance.now() - began;
    results.push({ ms, blockedMs: await watch.end() });
  }
  return results;
}

/** By a message to itself, again and again: timers are slowed down, messages are not. */
function watchThread(): { end(): Promise<number> } {
  const { port1, port2 } = new MessageChannel();
  let longest = 0;
  let last = performance.now();
  port1.addEventListener('message', () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    port2.postMessage(undefined);
  });
  port1.start();
  port2.postMessage(undefined);
  return {
    async end() {
      await new Promise((resolve) => {
        setTimeout(resolve, 0);
      });
      port1.close();
      return longest;
    },
  };
}
