import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'vite';
import { expectTypeOf, test } from 'vitest';
import { type ImageCacheOptions, ImageCacheError, imageCache } from 'vite-plugin-image-cache';
import { type ErrorCode, createImageCache } from 'vite-plugin-image-cache/express';

// Never run: that it compiles is the test.

test('the plugin takes buckets by name or with settings, and nothing without them', () => {
  expectTypeOf(imageCache({ buckets: ['a', { name: 'b', endpoint: 'https://s3.example.com' }] })).toEqualTypeOf<
    Plugin[]
  >();
  expectTypeOf<ImageCacheOptions>().toHaveProperty('buckets');
  // @ts-expect-error the allow-list is required
  imageCache({});
  // @ts-expect-error there is no such option
  imageCache({ buckets: [], bucket: 'a' });
  // @ts-expect-error a hook of servers of one's own
  imageCache({ buckets: [], authorize: () => true });
  imageCache({ buckets: [], manage: ({ socket }) => socket.remoteAddress === '192.168.0.7' });
  // @ts-expect-error it answers yes or no
  imageCache({ buckets: [], manage: () => 'yes' });
  // @ts-expect-error neither of the two
  imageCache({ buckets: [], durability: 'none' });
});

test('a logger of pino, of winston, and the console', () => {
  interface PinoLog {
    (fields: object, message?: string, ...values: unknown[]): void;
    (message: string, ...values: unknown[]): void;
  }
  interface WinstonLog {
    (message: string, ...meta: unknown[]): object;
    (message: unknown): object;
  }
  const pino = {} as Record<'debug' | 'info' | 'warn', PinoLog>;
  const winston = {} as Record<'debug' | 'info' | 'warn', WinstonLog>;
  for (const logger of [pino, winston, console]) createImageCache({ buckets: ['a'], logger });
  // @ts-expect-error it has no `warn`
  createImageCache({ buckets: ['a'], logger: { info: () => {} } });
  // @ts-expect-error Vite has a logger of its own
  imageCache({ buckets: ['a'], logger: console });
});

test('a server of one’s own', () => {
  const { router, cache, close } = createImageCache({
    buckets: ['a'],
    authorize(request, entry) {
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
      return entry.s3_url.includes('/public/');
    },
    async manage(request) {
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
      return request.headers.authorization !== undefined;
    },
  });
  expectTypeOf(router).toBeFunction();
  expectTypeOf(close).returns.resolves.toBeVoid();
  cache.onEvent(({ type }) => expectTypeOf(type).toEqualTypeOf<'stored' | 'invalidated' | 'cleared'>());
});

test('errors have a closed list of codes', () => {
  expectTypeOf(new ImageCacheError('NOT_CACHED', '').code).toEqualTypeOf<ErrorCode>();
  // @ts-expect-error there is no such code
  void new ImageCacheError('NOPE', '');
});
