import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createS3Server } from '../../demo/s3/index.ts';
import { jpeg } from '../helpers/images.ts';
import { snippetsOf } from '../helpers/snippets.ts';
import { sectionOf, shell, writeRecipeApp } from './recipeApp.ts';

it('I44: the recipe for Vitest in Node records a pack with the bucket, and passes without it and without its keys', async () => {
  const s3 = await createS3Server({ buckets: ['team-photos'] });
  onTestFinished(() => s3.close());
  s3.put('team-photos', 'portrait.jpg', await jpeg(1, { width: 120, height: 80 }));
  const section = await sectionOf('Vitest');
  const recipe = snippetsOf(section.slice(section.indexOf('Code of a server')));
  const files = Object.fromEntries(recipe.map(({ name = '', code }) => [name, code]));
  expect(Object.keys(files)).toEqual(['vite.config.ts', 'test/importPack.ts', 'test/portrait.test.ts']);
  const app = await writeRecipeApp(files, { packages: ['vite', 'vitest'], programs: ['vitest'] });

  const recorded = await shell(
    'IMAGE_CACHE_OFFLINE=0 npx vitest run && npx vite-plugin-image-cache export test/images.tar',
    app,
    {
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: s3.endpoint,
    },
  );
  expect([recorded.code, recorded.output]).toEqual([0, expect.stringContaining('1 passed')]);
  expect(s3.stats.gets).toBe(1);

  await rm(join(app, '.image-cache'), { recursive: true });
  const env = { AWS_ENDPOINT_URL_S3: s3.endpoint };
  const replayed = await shell('npx vitest run', app, env);
  expect([replayed.code, replayed.output]).toEqual([0, expect.stringContaining('1 passed')]);
  expect(s3.stats.requests).toBe(1);
});
