import { cleanup, render, screen } from '@testing-library/react';
import { createRef } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, test } from 'vitest';
import { createCacheClient } from '../../components/client/cacheClient.ts';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { PrefetchProgress } from '../../components/PrefetchProgress.tsx';

afterEach(cleanup);

const off = createCacheClient({ baseUrl: () => undefined });

function progressOf(
  state: PrefetchProgress['state'],
  images: Partial<PrefetchProgress['images']>,
  actors = 1,
): PrefetchProgress {
  return {
    state,
    completed: 0,
    total: actors,
    images: { total: 0, completed: 0, cached: 0, downloaded: 0, failed: 0, ...images },
    bytes: { downloaded: 0, cached: 0 },
    current: [],
    actors: [],
    failures: [],
  };
}

const bar = (): HTMLElement => screen.getByRole('progressbar', { name: 'Photographs' });
const said = (): string | null => screen.getByRole('status').textContent;

test('is a progressbar with a name, numbers and a text', () => {
  render(<PrefetchProgress label="Photographs" progress={progressOf('running', { total: 40, completed: 12 })} />);
  expect(bar()).toMatchObject({
    ariaValueMin: '0',
    ariaValueMax: '40',
    ariaValueNow: '12',
    ariaValueText: '12 of 40 images',
  });
  expect(said()).toBe('');
});

test.each([
  ['paused', 'Paused at 12 of 40 images'],
  ['offline', 'Waiting for the network at 12 of 40 images'],
  ['waiting', 'Waiting at 12 of 40 images'],
] as const)('says that it is %s', (state, text) => {
  render(<PrefetchProgress label="Photographs" progress={progressOf(state, { total: 40, completed: 12 })} />);
  expect(bar().ariaValueText).toBe(text);
});

test('R8: says what it waits for, and reads it out', () => {
  const reason = { code: 'UPSTREAM_UNREACHABLE', detail: 's3.example.com cannot be reached (ECONNREFUSED).' } as const;
  const progress = { ...progressOf('waiting', { total: 40, completed: 12 }), reason };
  render(<PrefetchProgress label="Photographs" progress={progress} />);
  const text = 'Waiting at 12 of 40 images: s3.example.com cannot be reached (ECONNREFUSED).';
  expect([bar().ariaValueText, said()]).toEqual([text, text]);
});

test('is indeterminate while the number of images is unknown', () => {
  render(<PrefetchProgress label="Photographs" progress={progressOf('running', { total: 0 })} />);
  expect(bar().hasAttribute('aria-valuenow')).toBe(false);
});

test('shows nothing without anything to fetch, but has the region that will be read out', () => {
  render(<PrefetchProgress label="Photographs" progress={progressOf('idle', {}, 0)} />);
  expect(screen.queryByRole('progressbar')).toBeNull();
  expect(said()).toBe('');
});

test('reads out the first failure, and the end, and not each step', () => {
  const steps: [PrefetchProgress, string][] = [
    [progressOf('running', { total: 3, completed: 1 }), ''],
    [progressOf('running', { total: 3, completed: 2, failed: 1 }), 'An image could not be fetched'],
    [progressOf('idle', { total: 3, completed: 3, failed: 1 }), '2 of 3 images fetched, 1 failed'],
    [progressOf('idle', { total: 3, completed: 3, failed: 0 }), 'All 3 images fetched'],
  ];
  const { rerender } = render(<PrefetchProgress progress={progressOf('idle', {}, 0)} />);
  const region = screen.getByRole('status');
  for (const [progress, text] of steps) {
    rerender(<PrefetchProgress progress={progress} />);
    expect(screen.getByRole('status')).toBe(region);
    expect(said()).toBe(text);
  }
});

test('E2: has a ref', () => {
  const ref = createRef<HTMLDivElement>();
  render(<PrefetchProgress ref={ref} />);
  expect(ref.current?.className).toBe('image-cache-progress');
});

test('takes attributes, a class and another language', () => {
  render(
    <PrefetchProgress
      id="ahead"
      className="mine"
      label="Photographs"
      texts={{ running: ({ completed, total }) => `${completed} von ${total} Bildern` }}
      progress={progressOf('running', { total: 4, completed: 1 })}
    />,
  );
  expect(document.querySelector('#ahead')?.className).toBe('image-cache-progress mine');
  expect(bar().ariaValueText).toBe('1 von 4 Bildern');
});

test('renders on a server, where nothing is being fetched', () => {
  const html = renderToString(
    <ImageCacheContext.Provider value={off}>
      <PrefetchProgress />
    </ImageCacheContext.Provider>,
  );
  expect(html).toContain('<output></output></div>');
  expect(html, 'E2: its styles are no text, which React 18 would escape').toContain("[role='progressbar']");
});
