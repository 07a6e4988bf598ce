import { expect, it } from 'vitest';
import { run } from '../../helpers/child.ts';

const MODULE = new URL('../../../plugin/cache/files/importLockfile.ts', import.meta.url).href;

it('a server that closes itself at a SIGTERM, heard once as in Vite, comes to its end although the lock was loaded later', async () => {
  const server = `
    process.once('SIGTERM', () => setTimeout(() => { console.log('closed'); process.exit(0); }, 20));
    const { importLockfile } = await import(${JSON.stringify(MODULE)});
    const { lock } = await importLockfile();
    await importLockfile();
    console.log(typeof lock);
    process.kill(process.pid, 'SIGTERM');
    setInterval(() => {}, 1000);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', server]);
  expect(stdout).toBe('function\nclosed\n');
});
