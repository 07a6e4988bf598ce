import { defineConfig } from 'vitest/config';
import { useCompileCache } from './helpers/compileCache.ts';
import { memoryDisk } from './helpers/memoryDisk.ts';
import { renderers } from './renderers/renderers.ts';

useCompileCache();
const onMemoryDisk = memoryDisk();

/** For tests of an idea each: those of `npm run check`. */
const unit = {
  isolate: false, // see setUp.ts
  expect: { poll: { timeout: 30_000 } }, // on whatever machine
  env: { ...(onMemoryDisk !== undefined && { TMPDIR: onMemoryDisk }) },
};

/** With real servers and directories, on a machine that does other things, too. That a test comes to an end says nothing of how fast. */
const patient = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Needs real processes, many servers or entries, or minutes; `photos` paints all motifs of the demo. */
const ENDURANCE = 'test/{hostile,endurance,demo/photos}/**';
/** Takes seconds by nature: real encoders, readers that stall, directories of many files, other renderers. */
const SLOW = [
  'test/http/{stalledReaders,manyActors,variants,uploads,visible,events}.test.ts',
  'test/source/{proxy,partialBody}.test.ts',
  'test/uploads/{drainer,fullDisk}.test.ts',
  'test/vite/uploads.test.ts',
  'test/components/uploads/prepare/{stripPrivate,linearTime}.test.ts',
  'test/cache/**/{variants,compressor,discovery,damagedStarts,freshness,journalManifest,preloader}.test.ts',
];

/** Browsers that npm does not bring, each in a file. */
const BROWSERS = 'test/e2e/plain/{firefox,webkit}.test.ts';
/** End to end, but no time is measured in them: they may run beside each other. */
const UNTIMED = [
  'test/e2e/{docsSite,nginxCache,nginxSendFile,whyNotShown,packageContents,packageTypes,tarball*,curl,svg,savedName,corpus,hostile,events,otherOrigin}.test.ts',
  'test/e2e/{inspector,inspectorInApp,demoPwa,imageBase,overlay,sw/*}.test.ts',
  'test/e2e/recipe*.test.ts',
  'test/e2e/{react,reactBuild,reactPlaceholder,reactPrefetch,reactRefresh,reactServer,reactSources}.test.ts',
  // Each has its own browser, servers and ports, and waits for most of the time.
  'test/e2e/{killed,uploads/{killed,prepare,savedIsKept,scenarios,tabs,transports}}.test.ts',
];
const endToEnd = {
  environment: 'node' as const,
  expect: unit.expect,
  setupFiles: ['test/waitLonger.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    reporters: ['default'],
    maxWorkers: 2, // the default leaves a core free, which on two cores is half of them
    projects: [
      {
        test: {
          ...unit,
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/components/**', ENDURANCE, ...SLOW, 'test/e2e/**'],
          setupFiles: ['test/waitLonger.ts', 'test/setUp.ts'],
          ...patient,
        },
      },
      {
        test: {
          ...unit,
          name: 'browser',
          environment: 'jsdom',
          include: ['test/components/**/*.test.{ts,tsx}', 'test/demo/**/*.test.tsx'],
          exclude: SLOW,
          setupFiles: ['test/waitLonger.ts', 'test/setUp.ts', 'test/setUpBrowser.ts'],
          ...patient,
          sequence: { groupOrder: 1 }, // a process is shared by the files of one project only
        },
      },
      {
        // What is published for the tests of apps works in the other environment that they run in, too.
        test: {
          ...unit,
          name: 'happy-dom',
          environment: 'happy-dom',
          include: ['test/components/testing/**/*.test.tsx'],
          setupFiles: ['test/setUpBrowser.ts'],
          sequence: { groupOrder: 2 },
        },
      },
      // The kit on renderers that are not the React of this project.
      ...renderers.map(({ name, plugin, tests }, index) => ({
        plugins: [plugin],
        // Its ES modules, since Vite cannot replace what a `require` finds.
        resolve: { alias: { '@testing-library/react': '@testing-library/react/dist/@testing-library/react.esm.js' } },
        test: {
          ...unit,
          name,
          environment: 'jsdom',
          include: tests.map((test) => `test/components/${test}.test.tsx`),
          env: { ...unit.env, RENDERER: name },
          setupFiles: ['test/setUpBrowser.ts'],
          server: { deps: { inline: [/@testing-library\/react/] } },
          sequence: { groupOrder: 3 + index },
        },
      })),
      {
        // What takes its time: every attack in every mode; many entries and restarts; processes that are killed, stopped and cut off.
        test: {
          name: 'endurance',
          environment: 'node',
          include: [`${ENDURANCE}/*.test.ts`, ...SLOW],
          expect: unit.expect,
          setupFiles: ['test/waitLonger.ts'],
          ...patient,
          sequence: { groupOrder: 3 + renderers.length },
        },
      },
      {
        test: {
          ...endToEnd,
          name: 'untimed',
          include: UNTIMED,
          maxWorkers: 3, // for two cores: much of the time something is waited for
          sequence: { groupOrder: 4 + renderers.length },
        },
      },
      {
        test: {
          ...endToEnd,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [BROWSERS, ...UNTIMED],
          fileParallelism: false,
          sequence: { groupOrder: 5 + renderers.length },
        },
      },
      {
        // `npm run test:browsers`
        test: {
          ...endToEnd,
          name: 'browsers',
          include: [BROWSERS],
          fileParallelism: false, // two of them at once take as long, and are late for more
          maxConcurrency: 3, // much of the time something is waited for
          testTimeout: 180_000, // a browser that has died is started anew
          sequence: { groupOrder: 6 + renderers.length },
        },
      },
    ],
  },
});
