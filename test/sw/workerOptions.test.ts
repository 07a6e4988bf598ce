import { describe, expect, it } from 'vitest';
import { resolveWorkerOptions } from '../../components/sw/imageWorkerOptions.ts';

const resolve = (options: object) => resolveWorkerOptions(options, 'https://app.example');

describe('the options of a worker', () => {
  it('have defaults', () => {
    expect(resolve({})).toMatchObject({
      base: 'https://app.example/api/cache',
      places: [],
      maxSize: 200_000_000,
      maxAge: 30 * 86_400_000,
      partition: undefined,
    });
  });

  it.each([
    ['/sub/api/cache/', 'https://app.example/sub/api/cache'],
    ['https://api.example/cache', 'https://api.example/cache'],
    [false, undefined],
  ])('I51: the base %s is %s', (base, resolved) => expect(resolve({ base }).base).toBe(resolved));

  it.each([
    [{ base: '//evil.example' }, 'base'],
    [{ base: 'api/cache' }, 'base'],
    [{ maxSize: 'much' }, 'maxSize'],
    [{ maxAge: '-1d' }, 'maxAge'],
    [{ partition: 7 }, 'partition'],
    [{ maxsize: '1MB' }, 'maxsize'],
    [{ buckets: ['s3://photos'] }, 'buckets[0].name'],
    [{ buckets: ['photos', { name: 'b/c' }] }, 'buckets[1].name'],
    [{ buckets: [{ name: 'photos', endpoint: 's3.example' }] }, 'buckets[0].endpoint'],
    [{ buckets: [{ name: 'photos', credentials: { accessKeyId: 'A' } }] }, 'buckets[0].credentials'],
  ])('%j is refused with a code and what to write', (options, at) => {
    const refused = expect(() => resolve(options));
    refused.toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`\`${at}\` `) }),
    );
    refused.toThrow(expect.objectContaining({ hint: expect.stringMatching(/^(Write|There are) /) }));
  });
});
