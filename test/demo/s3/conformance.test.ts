import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startS3 } from './harness.ts';

// 44 checks that real S3 servers are scored by too. They live beside the repository, not in it: a checkout of its own
// skips them, and has the other files of this folder.
const ROOT = new URL('../../../', import.meta.url);
const SCRIPT = fileURLToPath(new URL('../shared/tools/s3-conformance.mjs', ROOT));

test.skipIf(!existsSync(SCRIPT))('the conformance script finds nothing amiss', { timeout: 30_000 }, async () => {
  const { endpoint, credentials } = await startS3();
  const args = [SCRIPT, endpoint, credentials.accessKeyId, credentials.secretAccessKey];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: fileURLToPath(ROOT) });
  expect(stdout.match(/^FAIL.*$/gm)).toBeNull();
  expect(stdout).toContain('== 44/44 passed');
});
