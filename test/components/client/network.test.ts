import { expect, test, vi } from 'vitest';
import { browserNetwork } from '../../../components/client/network.ts';

test.each(['online', 'offline', 'image-cache:recovered'])('prefetches that wait are tried again at `%s`', (name) => {
  const listener = vi.fn();
  browserNetwork.subscribe(listener);
  window.dispatchEvent(new Event(name));
  expect(listener).toHaveBeenCalledOnce();
});
