import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { S3Server } from '../../demo/s3/index.ts';
import { startS3 } from '../demo/s3/harness.ts';

const run = promisify(execFile);

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What clients find in their environment; nothing of this machine's own AWS configuration. */
function environmentOf({ credentials, endpoint }: S3Server): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    RCLONE_CONFIG: '/nonexistent/rclone.conf',
    RCLONE_CONFIG_S3_TYPE: 's3',
    RCLONE_CONFIG_S3_PROVIDER: 'Other',
    RCLONE_CONFIG_S3_ACCESS_KEY_ID: credentials.accessKeyId,
    RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    RCLONE_CONFIG_S3_ENDPOINT: endpoint,
  };
}

/** A folder of files that have gone wrong somewhere before: empty, large enough for parts, awkwardly named. */
async function makeFiles(): Promise<{ up: string; down: string }> {
  const directory = await mkdtemp(join(tmpdir(), 's3-clients-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const up = join(directory, 'up');
  await mkdir(join(up, 'sub'), { recursive: true });
  await writeFile(join(up, 'empty'), '');
  await writeFile(join(up, 'large.bin'), randomBytes(12_000_000));
  await writeFile(join(up, 'sub', "a b+ü&%2F'(1).jpg"), randomBytes(100_000));
  return { up, down: join(directory, 'down') };
}

async function contentsOf(directory: string): Promise<Map<string, string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = new Map<string, string>();
  for (const file of files.toSorted()) contents.set(file.slice(directory.length), await readFile(file, 'base64'));
  return contents;
}

// Each is skipped on machines that do not have the program: neither comes from npm.
describe('other clients than the SDK', () => {
  test.skipIf(!isInstalled('rclone'))(
    'rclone copies up, lists, copies down and purges',
    { timeout: 20_000 },
    async () => {
      const s3 = await startS3();
      const { up, down } = await makeFiles();
      const rclone = (...args: string[]): Promise<{ stdout: string }> =>
        run('rclone', ['--retries=1', ...args], { env: environmentOf(s3) });
      await rclone('copy', '--s3-upload-cutoff=5M', up, 's3:photos/dir');
      expect((await rclone('lsf', '-R', 's3:photos')).stdout.split('\n')).toContain("dir/sub/a b+ü&%2F'(1).jpg");
      await rclone('copy', 's3:photos/dir', down);
      expect(await contentsOf(down)).toEqual(await contentsOf(up));
      await rclone('purge', 's3:photos');
      expect((await rclone('lsd', 's3:')).stdout).toBe('');
    },
  );

  test.skipIf(!isInstalled('aws'))(
    'aws syncs up, lists, copies, syncs down and removes',
    { timeout: 60_000 },
    async () => {
      const s3 = await startS3();
      const { up, down } = await makeFiles();
      const aws = (...args: string[]): Promise<{ stdout: string }> =>
        run('aws', ['--endpoint-url', s3.endpoint, 's3', ...args], { env: environmentOf(s3) });
      await aws('sync', '--only-show-errors', up, 's3://photos/dir/');
      await aws('cp', '--only-show-errors', 's3://photos/dir/large.bin', 's3://photos/copies/large.bin');
      expect((await aws('ls', '--recursive', 's3://photos/')).stdout.match(/^.*$/gm)?.join('\n')).toMatch(
        /12000000 copies\/large\.bin/,
      );
      await aws('sync', '--only-show-errors', 's3://photos/dir/', down);
      expect(await contentsOf(down)).toEqual(await contentsOf(up));
      await aws('rb', '--force', 's3://photos');
      expect((await aws('ls')).stdout).toBe('');
    },
  );
});
