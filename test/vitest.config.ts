import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    reporters: ['default'],
    maxWorkers: 2, // the default leaves a core free, which on two cores is half of them
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/components/**', 'test/door/**', 'test/e2e/**', 'test/endurance/**'],
          testTimeout: 20_000, // real servers and directories, on whatever machine
        },
      },
      {
        test: {
          name: 'browser',
          environment: 'jsdom',
          include: ['test/components/**/*.test.{ts,tsx}', 'test/demo/**/*.test.tsx'],
        },
      },
      {
        // What is published for the tests of apps works in the other environment that they run in, too.
        test: { name: 'happy-dom', environment: 'happy-dom', include: ['test/components/testing/**/*.test.tsx'] },
      },
      {
        // What takes its time: every attack through every door; many entries and restarts; processes that are killed, stopped and cut off.
        test: {
          name: 'endurance',
          environment: 'node',
          include: ['test/{door,endurance}/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
