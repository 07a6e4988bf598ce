/**
 * `npm run test:matrix [-- --all] [-- --only 'Vite 7']`: the packed tarball in apps of many kinds, each in a folder of its own that
 * installs it, shows a picture from the cache in Chromium, updates a source, builds and checks the types. It needs the network for
 * npm, and `npm run build` before it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../e2e/browser.ts';
import { packTarball } from '../e2e/tarball.ts';
import { frameworkCells } from './cells/frameworks.ts';
import { viteCells } from './cells/vite.ts';
import { runCell } from './runCell.ts';
import { type CellResult, hasFailed, renderTable } from './table.ts';
import { Tools } from './tools.ts';

const CELLS = [...viteCells, ...frameworkCells];

const { values } = parseArgs({
  options: { all: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] } },
});
const unknown = values.only.find((name) => !CELLS.some((cell) => cell.name === name));
if (unknown !== undefined) {
  throw new Error(`There is no cell '${unknown}'; there are ${CELLS.map(({ name }) => name).join(', ')}.`);
}
const chosen = CELLS.filter(({ name, isExtra }) =>
  values.only.length > 0 ? values.only.includes(name) : values.all || isExtra !== true,
);

const dir = await mkdtemp(join(tmpdir(), 'image-cache-matrix-tools-'));
const browser = await launchBrowser();
const results: CellResult[] = [];
try {
  const tarball = await packTarball(dir);
  const tools = new Tools(dir);
  for (const cell of chosen) {
    const result =
      cell.notAvailable === undefined
        ? await runCell(cell, { tarball, tools, browser })
        : { cell, versions: [], steps: {} };
    results.push(result);
    for (const [step, why] of Object.entries(result.steps)) {
      if (why !== 'yes') console.error(`  ${step}: ${why.replaceAll('\n', '\n    ')}`);
    }
    console.error(
      `${cell.notAvailable === undefined ? (hasFailed(result) ? 'FAILED' : 'passed') : 'not available'}: ${cell.name}`,
    );
  }
} finally {
  await browser.close();
  await rm(dir, { recursive: true, force: true });
}
console.log(`${new Date().toISOString().slice(0, 10)}\n\n${renderTable(results)}`);
if (results.some(hasFailed)) process.exitCode = 1;
