import { flushCompileCache } from 'node:module';
import type { BucketOptions } from '../../plugin/express.ts';
import { type AnyCrashPointName, armCrashPoint } from './crashPoints.ts';
import { openUploadsServer } from './uploadsServer.ts';

/** A process with a server that dies at a point. Its argument is this, as JSON. Prints `listening <url>`. */
export interface UploadsProcessSettings {
  dir: string;
  bucket: BucketOptions;
  crash?: AnyCrashPointName;
}

// The parent's types are ours.
const { dir, bucket, crash } = JSON.parse(process.argv[2] ?? '{}') as UploadsProcessSettings;
if (crash !== undefined) armCrashPoint(crash, 1);
const { base } = await openUploadsServer(dir, bucket);
flushCompileCache();
console.log(`listening ${base}`);
