import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, it, onTestFinished } from 'vitest';
import type { ImageDeparture, ImageDownload } from '../../../plugin/channels.ts';
import { openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

function heard<Message>(name: string): Message[] {
  const messages: Message[] = [];
  const listen = (message: unknown) => void messages.push(message as Message); // nothing else is published there
  subscribe(name, listen);
  onTestFinished(() => void unsubscribe(name, listen));
  return messages;
}

it('each download is published with its outcome', async () => {
  const downloads = heard<ImageDownload>('vite-plugin-image-cache:download');
  const source = new MemorySource((name) => {
    if (name === 'bad') throw new Error('no');
    return Buffer.alloc(2000);
  });
  const { cache } = await openCache({ source });
  await cache.readUrl('mem:a');
  await cache.readUrl('mem:a');
  await cache.prefetch({ s3_url: 'mem:bad' }, 'x');
  await expect
    .poll(() => downloads)
    .toMatchObject([
      { s3_url: 'mem:a', urgency: 'visible', result: 'stored', size_bytes: 2000, attempts: 1 },
      { s3_url: 'mem:bad', urgency: 'normal', result: 'failed', code: 'INTERNAL' },
    ]);
});

it('images that have left are published with the reason', async () => {
  const departures = heard<ImageDeparture>('vite-plugin-image-cache:departure');
  const { cache } = await openCache({ maxEntries: 1 });
  for (const name of ['a', 'b']) await cache.prefetch({ s3_url: `mem:${name}` }, 'x');
  await cache.clear();
  await expect
    .poll(() => departures)
    .toMatchObject([
      { reason: 'evicted', cause: 'maxEntries', s3_urls: ['mem:a'] },
      { reason: 'cleared', s3_urls: ['mem:b'] },
    ]);
});
