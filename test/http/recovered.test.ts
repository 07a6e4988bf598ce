import { expect, it, onTestFinished } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

/** As the SDK's own providers fail. */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';
}

/** The events of the API, as they come. */
async function listen(base: string): Promise<() => string> {
  const left = new AbortController();
  onTestFinished(() => left.abort());
  const { body } = await fetch(`${base}/events`, { signal: left.signal });
  let text = '';
  const pump = async (): Promise<void> => {
    for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
  };
  pump().catch(() => {}); // the test has left
  return () => text;
}

it('when credentials are there again, pages are told to try again, once, and the image can be had', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  let isSignedIn = false;
  const credentials = async () => {
    if (!isSignedIn) throw new CredentialsProviderError('Token is expired.');
    return bucket.option.credentials;
  };
  const api = await startApi(bucket, { buckets: [{ ...bucket.option, credentials }] });
  const events = await listen(api.base);
  const refused = await api.get(imageUrl('s3://photos/a.jpg'));
  expect(await refused.json()).toMatchObject({
    code: 'UPSTREAM_FORBIDDEN',
    detail: expect.stringContaining('no credentials'),
  });
  expect(events()).not.toContain('recovered');
  isSignedIn = true;
  await expect.poll(events).toContain('event: recovered\n');
  expect(events().match(/recovered/g)).toHaveLength(1);
  expect((await api.get(imageUrl('s3://photos/a.jpg'))).status).toBe(200);
});
