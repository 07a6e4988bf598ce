import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { optionsSchema } from '../../plugin/checks/optionsSchema.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import { createImageCache } from '../../plugin/express.ts';
import { imageCache } from '../../plugin/index.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { refusal } from '../helpers/source.ts';

const refused = (options: unknown) => refusal(() => resolveOptions(options as never));

/** The refusal of the options, if they are refused. Anything else that is thrown fails the test. */
function faultOf(options: unknown): ImageCacheError | undefined {
  try {
    resolveOptions(options as never);
  } catch (error) {
    if (error instanceof ImageCacheError) return error;
    throw error;
  }
  return undefined;
}

const UNSET = 'environment variable';

describe('the error for a wrong option is a sentence', () => {
  it.each([
    [undefined, "the options must be an object such as { buckets: ['team-photos'] }; got nothing"],
    ['photos', "the options must be an object such as { buckets: ['team-photos'] }; got 'photos'"],
    [
      { buckets: [null] },
      "option `buckets.0` must be a bucket's name such as 'team-photos' (without s3:// or a path), or",
    ],
    [{ buckets: [{ region: 'x' }] }, "option `buckets.0.name` must be a bucket's name such as 'team-photos'"],
    [{ buckets: ['ok1'], images: 'webp' }, 'option `images` must be an object such as { widths: [320, 640]'],
    [{ buckets: ['ok1'], timeouts: 5 }, 'option `timeouts` must be an object such as { connect: 5_000'],
    [{ buckets: ['ok1'], quotas: '1GB' }, "option `quotas` must be { [actor id]: '100MB' }, or a function"],
    [{ buckets: ['ok1'], base: 7 }, "option `base` must be a path such as '/api/cache'"],
    [{ buckets: ['ok1'], imageBase: '/cdn' }, 'option `imageBase` must be the full URL of the API at a CDN'],
    [{ buckets: ['ok1'], allowedOrigins: [7] }, "option `allowedOrigins.0` must be an origin such as 'https://admin"],
    [{ buckets: [{ name: 'ok1', endpoint: 7 }] }, 'option `buckets.0.endpoint` must be an http(s) URL'],
  ])('%j', async (options, part) => {
    expect((await refused(options)).message).toContain(`imageCache: ${part}`);
  });

  const places: [string, (value: unknown) => unknown][] = [
    ['the options', (value) => value],
    ...Object.keys(optionsSchema.shape).map((name): [string, (value: unknown) => unknown] => [
      name,
      (value) => ({ buckets: ['ok1'], [name]: value }),
    ]),
    ...['name', 'region', 'endpoint', 'forcePathStyle', 'prefix', 'cdn', 'credentials', 'other'].map(
      (name): [string, (value: unknown) => unknown] => [
        `buckets.0.${name}`,
        (value) => ({ buckets: [{ name: 'ok1', [name]: value }] }),
      ],
    ),
    ...['accessKeyId', 'secretAccessKey', 'sessionToken'].map((name): [string, (value: unknown) => unknown] => [
      `buckets.0.credentials.${name}`,
      (value) => ({
        buckets: [{ name: 'ok1', credentials: { accessKeyId: 'a', secretAccessKey: 'b', [name]: value } }],
      }),
    ]),
    ...['memory.maxSize', 'memory.preload', 'images.widths', 'images.formats', 'images.quality', 'images.placeholder']
      .concat('images.store', 'timeouts.connect', 'timeouts.firstByte', 'timeouts.idle', 'timeouts.total', 'quotas.a')
      .map((name): [string, (value: unknown) => unknown] => {
        const [outer = '', inner = ''] = name.split('.');
        return [name, (value) => ({ buckets: ['ok1'], [outer]: { [inner]: value } })];
      }),
  ];

  const simple = [undefined, null, true, '', ' ', 'x y', 0, -1, 1.5, 1e300, Number.NaN, 10n, Symbol('s'), () => 1];
  const values = [
    ...simple,
    ...simple.map((value) => [value]),
    ...simple.map((value) => ({ a: value })),
    [],
    {},
    [[]],
    [{}],
    new Date(),
    new Map([['a', 1]]),
    Promise.resolve(),
    'x'.repeat(1_000),
  ];

  it.each(places)('for any wrong value of %s', async (_name, optionsWith) => {
    for (const value of values) {
      const { code, message } = faultOf(optionsWith(value)) ?? {};
      if (message === undefined) continue; // what is right for this option
      expect(code).toBe('INVALID_OPTION');
      expect(message).toMatch(
        /^imageCache: (?:(?:the options|option `[^`]+`) must be .+; got .+|there (?:is no option|are no options) `.+`)\.$/,
      );
      expect(message).not.toMatch(/invalid|expected|received|too (?:small|big)|unrecognized|\[object/i);
    }
  });
});

describe('E12: an unknown name', () => {
  it.each([
    [{ cachedir: 'x' }, 'cachedir', 'Did you mean `cacheDir`?'],
    [{ cache_dir: 'x' }, 'cache_dir', 'Did you mean `cacheDir`?'],
    [{ maxsize: 1 }, 'maxsize', 'Did you mean `maxSize`?'],
    [{ maxImgSize: 1 }, 'maxImgSize', 'Did you mean `maxImageSize`?'],
    [{ alowedOrigins: [] }, 'alowedOrigins', 'Did you mean `allowedOrigins`?'],
    [{ loglevle: 'info' }, 'loglevle', 'Did you mean `logLevel`?'],
    [{ buckets: [{ name: 'ok1', endPoint: 'x' }] }, 'buckets.0.endPoint', 'Did you mean `endpoint`?'],
    [{ buckets: [{ name: 'ok1', pathStyle: true }] }, 'buckets.0.pathStyle', undefined],
    [{ buckets: [{ nmae: 'ok1' }] }, 'buckets.0.nmae', 'Did you mean `name`?'],
    [{ images: { width: [1] } }, 'images.width', 'Did you mean `widths`?'],
    [{ memory: { maxsize: 1 } }, 'memory.maxsize', 'Did you mean `maxSize`?'],
    [{ timeouts: { firstbyte: 1 } }, 'timeouts.firstbyte', 'Did you mean `firstByte`?'],
    [
      { region: 'eu-central-1' },
      'region',
      "It is an option of each bucket: buckets: [{ name: '<bucket>', region: … }].",
    ],
    [{ quality: 80 }, 'quality', 'It is part of `images`: images: { quality: … }.'],
    [
      { buckets: [{ name: 'ok1', cacheDir: 'x' }] },
      'buckets.0.cacheDir',
      '`cacheDir` is an option of its own, beside `buckets`.',
    ],
    [{ ttl: 60 }, 'ttl', undefined],
    [{ toString: 1 }, 'toString', undefined],
  ])('%j', async (options, name, hint) => {
    const error = await refused({ buckets: ['ok1'], ...options });
    expect(error.message).toBe(`imageCache: there is no option \`${name}\`.`);
    expect(error.hint).toBe(hint ?? 'Check the spelling; docs/options.md lists every option.');
  });

  it('E12: is reported with all other unknown names, in any object, each with the probable right name', async () => {
    const error = await refused({
      buckets: [{ name: 'ok1', endPoint: 'https://s3.example.com' }, 'ok2', { nmae: 'ok3', pathStyle: true }],
      cachedir: 'x',
      maxsize: 1,
      memory: { maxsize: 1 },
      quality: 80,
      maxAge: 'soon', // wrong, too: it is told when the names are right
    });
    expect(error.message).toBe(
      'imageCache: there are no options `buckets.0.endPoint`, `buckets.2.nmae`, `buckets.2.pathStyle`, `memory.maxsize`, `cachedir`, `maxsize`, `quality`.',
    );
    expect(error.hint).toBe(
      [
        '`buckets.0.endPoint`: Did you mean `endpoint`?',
        '`buckets.2.nmae`: Did you mean `name`?',
        '`memory.maxsize`: Did you mean `maxSize`?',
        '`cachedir`: Did you mean `cacheDir`?',
        '`maxsize`: Did you mean `maxSize`?',
        '`quality`: It is part of `images`: images: { quality: … }.',
        'Check the spelling; docs/options.md lists every option.',
      ].join(' '),
    );
  });

  it('E12: is not listed if there are ten others already', async () => {
    const options = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x${n}`, n]));
    const { message, hint } = await refused({ buckets: ['ok1'], ...options });
    expect(message).toBe(
      'imageCache: there are no options `x0`, `x1`, `x2`, `x3`, `x4`, `x5`, `x6`, `x7`, `x8`, `x9` and 490 more.',
    );
    expect(hint).toBe('Check the spelling; docs/options.md lists every option.');
  });

  it('is reported, and not that the option with the right name is missing', async () => {
    const error = await refused({ bucket: ['photos'] });
    expect([error.message, error.hint]).toEqual([
      'imageCache: there is no option `bucket`.',
      'Did you mean `buckets`?',
    ]);
  });
});

describe('E13: of an error in the options, only the message and the hint are printed', () => {
  it.each([
    ['imageCache()', () => imageCache({ buckets: ['ok1'], cachedir: 'x' } as never)],
    ['createImageCache()', () => createImageCache({ buckets: ['ok1'], cachedir: 'x' } as never)],
  ])('%s', async (_, make) => {
    const error = await refusal(make);
    const text = 'imageCache: there is no option `cachedir`. Did you mean `cacheDir`?';
    expect([error.message, error.stack, inspect(error), String(error.hint)]).toEqual([
      text,
      text,
      text,
      'Did you mean `cacheDir`?',
    ]);
    expect(error.code).toBe('INVALID_OPTION');
  });
});

describe('an empty or undefined value', () => {
  it.each([
    [{ buckets: [undefined] }],
    [{ buckets: [''] }],
    [{ buckets: undefined }],
    [{ buckets: [{ name: undefined }] }],
    [{ buckets: [{ name: 'ok1', region: '' }] }],
    [{ buckets: ['ok1'], allowedHosts: [undefined] }],
    [{ buckets: ['ok1'], cacheDir: '' }],
  ])('is explained by an environment variable: %j', async (options) => {
    expect((await refused(options)).hint).toContain(UNSET);
    expect((await refused(options)).hint).toContain('loadEnv');
  });

  it.each([[undefined], [{}], [{ buckets: [{}] }], [{ buckets: [null] }], [{ buckets: ['a b'] }]])(
    'is not reported for a forgotten or wrong value: %j',
    async (options) => {
      expect((await refused(options)).hint).toBeUndefined();
    },
  );
});

describe('allowedHosts', () => {
  const withHost = (host: string) => ({ buckets: ['ok1'], allowedHosts: [host] });

  it.each([
    ['https://app.example.com', 'app.example.com'],
    ['https://app.example.com:8443/app', 'app.example.com'],
    ['app.example.com:5173', 'app.example.com'],
    ['app.example.com/', 'app.example.com'],
    ['*.example.com', '.example.com'],
    ['https://.example.com', '.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ])('refuses %s, which cannot match a host name, and says what to write', async (host, right) => {
    const error = await refused(withHost(host));
    expect(error.message).toContain('option `allowedHosts.0` must be a host name without scheme, port or path');
    expect(error.hint).toBe(`Write '${right}'.`);
    expect(() => resolveOptions(withHost(right))).not.toThrow();
  });

  it.each(['*', 'https://', 'a..b', '.', 'a b'])('refuses %j', async (host) => {
    expect((await refused(withHost(host))).hint).toBeUndefined();
  });

  it.each(['app.example.com', '.example.com', 'app', 'my_box.lan', 'APP.example.com.', '10.0.0.1', '::1', '[::1]'])(
    'accepts %s',
    (host) => {
      expect(resolveOptions(withHost(host)).allowedHosts).toEqual([host]);
    },
  );
});

describe('an origin of `allowedOrigins`', () => {
  const withOrigin = (origin: string) => ({ buckets: ['ok1'], allowedOrigins: [origin] });

  it.each([
    'https://admin.example.com',
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://tauri.localhost',
    'https://tauri.localhost',
    'tauri://localhost',
    'capacitor://localhost',
    'ionic://localhost',
    'app://bundle',
    'app://localhost:8080',
    'chrome-extension://cjpalhdlnbpafiamejdnhcphjbkeiagm',
    'moz-extension://0f9bdc5c-0a5f-4b3e-8d4b-3c4a8f6c9a11',
    'safari-web-extension://5F9BDC5C-0a5f-4b3e'.toLowerCase(),
    'vscode-webview://1a2b3c',
  ])('B17: accepts %s, as browsers send it', (origin) => {
    expect(resolveOptions(withOrigin(origin)).allowedOrigins).toEqual([origin]);
  });

  it.each([
    ['https://admin.example.com/', "Write 'https://admin.example.com'."],
    ['https://admin.example.com:443', "Write 'https://admin.example.com'."],
    ['https://user@admin.example.com', "Write 'https://admin.example.com'."],
    ['HTTPS://Admin.example.com', "Write 'https://admin.example.com'."],
    ['https://bücher.example', "Write 'https://xn--bcher-kva.example'."],
    ['capacitor://localhost/', "Write 'capacitor://localhost'."],
    ['Capacitor://localhost', "Write 'capacitor://localhost'."],
    ['chrome-extension://abc/index.html', "Write 'chrome-extension://abc'."],
    ['localhost:3000', "Write 'https://localhost:3000', or 'http://localhost:3000'."],
    ['admin.example.com', "Write 'https://admin.example.com', or 'http://admin.example.com'."],
    ['null', 'Serve the page from an origin of its own'],
    ['file://', 'Serve the page from an origin of its own'],
    ['file:///home/me/index.html', 'Serve the page from an origin of its own'],
    ['*', 'List each origin'],
  ])('B17: refuses %s, and says what to write', async (origin, hint) => {
    const error = await refused(withOrigin(origin));
    expect(error.message).toContain('option `allowedOrigins.0` must be an origin such as');
    expect(error.hint).toContain(hint);
  });

  it.each([
    'https://*.example.com',
    'htps://admin.example.com',
    'http//admin.example.com',
    'httpss://admin.example.com',
    'ws://localhost',
    's3://team-photos',
    'data:text/html,a',
    'capacitor://',
    'capacitor://user@localhost',
    'app://a b',
    'https://a.example, https://b.example',
    ' https://a.example',
    '',
  ])('B17: refuses %j', async (origin) => {
    expect((await refused(withOrigin(origin))).message).toContain(
      'option `allowedOrigins.0` must be an origin such as',
    );
  });
});

describe('other mistakes', () => {
  it.each([
    // What people copy in place of a bucket's name.
    [{ buckets: ['s3://team-photos'] }, 'buckets.0', "Write 'team-photos'."],
    [{ buckets: ['s3://team-photos/portraits/1.jpg'] }, 'buckets.0', "Write 'team-photos'."],
    [{ buckets: ['arn:aws:s3:::team-photos'] }, 'buckets.0', "Write 'team-photos'."],
    [{ buckets: ['https://team-photos.s3.eu-central-1.amazonaws.com'] }, 'buckets.0', "Write 'team-photos'."],
    [{ buckets: ['https://s3.eu-central-1.amazonaws.com/team-photos/'] }, 'buckets.0', "Write 'team-photos'."],
    [{ buckets: ['team-photos/portraits'] }, 'buckets.0', "Write 'team-photos'."],
    [{ buckets: [{ name: 's3://team-photos' }] }, 'buckets.0.name', "Write 'team-photos'."],
    // Where the API is.
    [{ buckets: ['ok1'], base: 'api/cache' }, 'base', "Write '/api/cache'."],
    [{ buckets: ['ok1'], base: '/api/cache/' }, 'base', "Write '/api/cache'."],
    [{ buckets: ['ok1'], base: 'http://localhost:5173/api/cache' }, 'base', "write '/api/cache'"],
    // A region of AWS.
    [{ buckets: [{ name: 'ok1', region: 'EU-CENTRAL-1' }] }, 'buckets.0.region', "Write 'eu-central-1'."],
    [{ buckets: [{ name: 'ok1', region: 'Europe (Frankfurt)' }] }, 'buckets.0.region', 'eu-central-1'],
    // A tilde, which a shell would replace.
    [{ buckets: ['ok1'], cacheDir: '~/images' }, 'cacheDir', 'os.homedir()'],
    [{ buckets: ['ok1'], fallbackDirs: ['~'] }, 'fallbackDirs.0', 'os.homedir()'],
    // The same one twice.
    [{ buckets: ['ok1', { name: 'ok1', region: 'eu-central-1' }] }, 'buckets.1', 'Remove it'],
  ])('%j is refused, with what to write', async (options, place, hint) => {
    const error = await refused(options);
    expect(error.message).toMatch(new RegExp(`^imageCache: option \`${place.replaceAll('.', '\\.')}\` must be `));
    expect(error.hint).toContain(hint);
  });

  it.each(['team-photos', { name: 'team-photos' }])('for %j the error says that it needs brackets', async (buckets) => {
    expect((await refused({ buckets })).message).toContain("e.g. ['team-photos']: put it into brackets; got ");
  });

  it.each([
    {
      buckets: [
        { name: 'ok1', prefix: 'a/' },
        { name: 'ok1', prefix: 'b/' },
      ],
    },
    { buckets: ['ok1', { name: 'ok1', endpoint: 'https://s3.example.com' }] },
    { buckets: [{ name: 'ok1', endpoint: 'https://s3.example.com', region: 'Garage' }] },
    { buckets: ['ok1'], cacheDir: '~cache' },
  ])('%j is not a mistake', (options) => {
    expect(faultOf(options)).toBeUndefined();
  });
});
