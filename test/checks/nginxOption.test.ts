import { describe, expect, it } from 'vitest';
import { createImageCache } from '../../plugin/express.ts';
import { refusal } from '../helpers/source.ts';

const secret = 'a-secret-of-enough-characters';
const location = '/_image-cache/';
const refused = (nginx: unknown) => refusal(() => createImageCache({ buckets: ['photos'], nginx: nginx as never }));

describe('the option `nginx`', () => {
  it.each([true, '/_image-cache/', {}, { secret }, { location: '', secret }, { location: '/', secret }])(
    '%j has no location',
    async (nginx) => {
      const { code, message } = await refused(nginx);
      expect([code, message]).toEqual([
        'INVALID_OPTION',
        expect.stringContaining('option `nginx.location` must be the path'),
      ]);
    },
  );

  it.each([
    '_image-cache/',
    '/_image-cache',
    '/a b/',
    '/a/../b/',
    '//',
    '/%2e/',
    '/ä/',
    '@named',
    'http://x/',
    '/a\r\nX: y/',
    7,
  ])('a location %j is refused', async (wrong) => {
    expect((await refused({ location: wrong, secret })).message).toContain('`nginx.location`');
  });

  it.each([
    undefined,
    '',
    'short',
    'with a blank in it',
    `${'x'.repeat(16)}\n`,
    'quoted"quoted"quoted',
    '$variable_of_nginx',
    'x'.repeat(257),
    7,
  ])('a secret %j is refused, and not printed', async (wrong) => {
    const { message, hint = '' } = await refused({ location, secret: wrong });
    expect(message).toContain('`nginx.secret`');
    if (String(wrong).length > 5) expect(message + hint).not.toContain(String(wrong));
  });

  it('an unknown name is told', async () => {
    expect((await refused({ location, secret, header: 'X' })).message).toContain(
      'imageCache: there is no option `nginx.header`.',
    );
  });

  it('what docs/cdn.md has is accepted', async () => {
    const images = createImageCache({ buckets: ['photos'], nginx: { location, secret } });
    await images.close();
  });
});
