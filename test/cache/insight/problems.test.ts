import { expect, it } from 'vitest';
import { Problems } from '../../../plugin/cache/insight/problems.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';

it('many causes of one code leave the others where they are, and the latest of their own', () => {
  const problems = new Problems();
  problems.note('s3://photos/a.jpg', new ImageCacheError('UPSTREAM_FORBIDDEN', 'The bucket answered 403.'), 0);
  for (let n = 0; n < 10_000; n += 1) {
    const letters = String(n).replaceAll(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)));
    problems.note(`https://${letters}/`, new ImageCacheError('HOST_NOT_ALLOWED', `No bucket is at ${letters}.`), n);
  }
  const groups = problems.list();
  expect(groups.map(({ code }) => code)).toContain('UPSTREAM_FORBIDDEN');
  expect(groups).toHaveLength(21);
  expect(groups[0]).toMatchObject({ last_at: 9999 });
  expect(problems.count).toBe(21);
});
