import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { curlLine } from '../../../components/inspector/copy/curl.ts';
import { jsxElement } from '../../../components/inspector/copy/jsx.ts';
import { s3Uri } from '../../../components/inspector/copy/s3Uri.ts';

const API = 'http://localhost:5173/__image-cache/api';
const HOSTILE = [
  "'; rm -rf ~ #",
  '$(touch /tmp/owned)',
  '`id`',
  'a\nb',
  'a b"c',
  '%PATH%',
  '!history',
  '\\',
  '\u2018smart\u2019',
  '--upload-file',
  '\uD800',
];

describe('I6: the line that is copied for curl', () => {
  it.each(HOSTILE)('is one command with exact arguments for sh, whatever the key has in it: %j', (key) => {
    const url = `https://b.s3.amazonaws.com/${key}`;
    const line = curlLine(API, { s3_url: url, filename: key });
    const shell = spawnSync('sh', ['-c', `curl() { for each in "$@"; do printf '%s\\n' "$each"; done; }\n${line}`]);
    const [fail, output, name = '', asked = '', ...rest] = shell.stdout.toString().trim().split('\n');
    expect([fail, output, rest, shell.stderr.toString()]).toEqual(['--fail', '--output', [], '']);
    expect(name).toMatch(/^[\w][\w.-]*$/);
    expect(new URL(asked).searchParams.get('url')).toBe(url.replace('\uD800', '\uFFFD'));
  });

  it.each(HOSTILE)('has nothing in its quotes that PowerShell would read as anything but text: %j', (key) => {
    const line = curlLine(API, { s3_url: `https://b.s3.amazonaws.com/${key}`, filename: key }, true);
    // In single quotes, PowerShell knows only quotes, of which it takes five letters for one.
    const parts = /^curl\.exe --fail --output '([\w.-]+)' '([^'\u2018\u2019\u201A\u201B"\s]+)'$/.exec(line);
    expect(parts).not.toBeNull();
  });
});

describe('the address for the AWS CLI', () => {
  it.each([
    ['https://team-photos.s3.eu-central-1.amazonaws.com/a/b%20c.jpg', 's3://team-photos/a/b c.jpg'],
    ['https://team.photos.s3.amazonaws.com/a.jpg', 's3://team.photos/a.jpg'],
    ['https://s3.eu-central-1.amazonaws.com/team-photos/a.jpg', 's3://team-photos/a.jpg'],
    ['http://127.0.0.1:9000/photos/a/b.jpg', 's3://photos/a/b.jpg'],
    ['s3://photos/a.jpg', 's3://photos/a.jpg'],
  ])('%s is %s', (url, uri) => {
    expect(s3Uri(url)).toBe(uri);
  });

  it.each(['https://cdn.example.com/a.jpg', 'nonsense', 'https://b.s3.amazonaws.com/%E0%A4%A'])(
    'of %s is not guessed',
    (url) => {
      expect(s3Uri(url)).toBeUndefined();
    },
  );
});

describe('the element for an app', () => {
  it('has the URL as an attribute, or as a string of JavaScript if it is not plain', () => {
    expect(jsxElement('https://b.s3.amazonaws.com/a.jpg')).toBe(
      '<CachedImage s3_url="https://b.s3.amazonaws.com/a.jpg" alt="" />',
    );
    expect(jsxElement('https://b/"><script>{x}')).toBe('<CachedImage s3_url={"https://b/\\"><script>{x}"} alt="" />');
  });
});
