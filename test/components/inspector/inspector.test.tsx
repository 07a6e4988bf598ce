import { act, fireEvent, render, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Sentences } from '../../../components/inspector/parts/Sentences.tsx';
import { Chart } from '../../../components/inspector/views/trends/Chart.tsx';
import { CHARTS } from '../../../components/inspector/views/trends/series.ts';
import type { HistoryAnswer } from '../../../plugin/inspectorProtocol.ts';
import type { Problem } from '../../../plugin/protocol.ts';
import { renderInspector, stubBrowser } from './renderInspector.tsx';

beforeEach(() => {
  vi.useFakeTimers();
  stubBrowser();
  return () => vi.useRealTimers();
});

const tiles = () => screen.getAllByRole('gridcell');
const tile = (index: number) => tiles().find((each) => each.dataset['index'] === String(index)) as HTMLElement;
const focus = (element: HTMLElement) => act(() => element.focus());
const press = (key: string, options = {}) =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key, ...options });

describe('the images', () => {
  it('says how many there are, and how many of them are shown', async () => {
    await renderInspector(1_000_000);
    expect(screen.getByText('1,000,000 images · 2.7 TB · the 10,000 used last are shown')).toBeDefined();
    expect(tiles().length).toBeLessThan(60);
    expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(Math.ceil(10_000 / 4)));
  });

  it('are none: says what to do', async () => {
    await renderInspector(0);
    expect(screen.getByRole('heading', { name: 'No image is cached yet' })).toBeDefined();
    expect(screen.getByText(/0 requests since the server was started/)).toBeDefined();
    expect(screen.getByRole('link', { name: 'Run the doctor' }).getAttribute('href')).toBe('#/doctor');
  });

  it('are asked for page by page, at the revision of the first page', async () => {
    const { state, pass, container } = await renderInspector(1000);
    state.changes = 5;
    const scroller = container.querySelector('.grid-scroll') as HTMLElement;
    scroller.scrollTop = 15_000;
    fireEvent.scroll(scroller);
    await pass(50);
    expect(state.calls.filter((call) => /entries.*page=/.test(call))).toEqual([
      expect.stringMatching(/page=1&revision=1000$/),
    ]);
    expect(tile(280).textContent).toMatch(/_0280\./);
  });

  it('I16: do not move when there are new ones, until somebody wants to see them', async () => {
    const { state, pass, calls } = await renderInspector(25);
    const before = tiles().map((each) => each.textContent);
    const asked = calls('/entries').length;
    for (let second = 0; second < 5; second += 1) {
      state.changes += 1000;
      await pass(1000);
    }
    expect(tiles().map((each) => each.textContent)).toEqual(before);
    expect(calls('/entries').length).toBe(asked);
    fireEvent.click(screen.getByRole('button', { name: /5,000 changes · Show/ }));
    await pass(50);
    expect(calls('/entries').length).toBe(asked + 1);
  });

  it('an empty cache shows its first image by itself', async () => {
    const { state, pass } = await renderInspector(0);
    state.count = 3;
    await pass(2000);
    expect(tiles().length).toBe(3);
  });
});

describe('I21: by keyboard alone', () => {
  it('one image can be reached by Tab, and the arrows move on', async () => {
    await renderInspector(25);
    expect(tiles().filter((each) => each.tabIndex === 0)).toEqual([tile(0)]);
    focus(tile(0));
    press('ArrowRight');
    expect(document.activeElement).toBe(tile(1));
    press('ArrowDown');
    expect(document.activeElement).toBe(tile(5));
    expect(tiles().filter((each) => each.tabIndex === 0)).toEqual([tile(5)]);
  });

  it('Enter opens the details, Escape closes them and goes back to the image', async () => {
    const { pass } = await renderInspector(25);
    focus(tile(2));
    press('Enter');
    await pass(50);
    const details = screen.getByRole('complementary', { name: /0002/ });
    expect(details.contains(document.activeElement)).toBe(true);
    press('Escape');
    await pass(50);
    expect(screen.queryByRole('complementary')).toBeNull();
    expect(document.activeElement).toBe(tile(2));
  });

  it('Space selects, and the bar does something to all that are selected', async () => {
    const { pass, state } = await renderInspector(25);
    focus(tile(0));
    press(' ');
    press('ArrowRight');
    press(' ');
    expect(tile(0).getAttribute('aria-selected')).toBe('true');
    const bar = screen.getByRole('group', { name: 'Selected images' });
    fireEvent.click(within(bar).getByRole('button', { name: 'Pin' }));
    await pass(100);
    expect(state.calls.filter((call) => call.startsWith('POST /pin'))).toHaveLength(2);
  });

  it('I24: a letter does its thing once, however long it is held', async () => {
    const { pass, state } = await renderInspector(25);
    focus(tile(0));
    press('p');
    for (let turn = 0; turn < 20; turn += 1) press('p', { repeat: true });
    await pass(100);
    expect(state.calls.filter((call) => call.startsWith('POST /pin'))).toHaveLength(1);
    press('r', { ctrlKey: true });
    await pass(100);
    expect(state.calls.filter((call) => call.startsWith('POST /refetch'))).toHaveLength(0);
  });

  it('Delete asks first, and a double click forgets once', async () => {
    const { pass, state } = await renderInspector(25);
    focus(tile(1));
    press('Delete');
    await pass(10);
    expect(state.calls.some((call) => call.startsWith('POST /invalidate'))).toBe(false);
    const button = within(screen.getByRole('dialog')).getByRole('button', { name: 'Forget' });
    fireEvent.click(button);
    fireEvent.click(button);
    await pass(100);
    expect(state.calls.filter((call) => call.startsWith('POST /invalidate'))).toHaveLength(1);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('/ goes to the filter, and ? shows the keys, but not while something is typed', async () => {
    const { pass } = await renderInspector(25);
    fireEvent.keyDown(document.body, { key: '/' });
    expect(document.activeElement?.getAttribute('placeholder')).toBe('Filter');
    press('?');
    expect(screen.queryByRole('dialog')).toBeNull();
    fireEvent.keyDown(document.body, { key: '?' });
    await pass(10);
    expect(screen.getByRole('dialog', { name: 'Keys' })).toBeDefined();
  });
});

describe('what is wrong', () => {
  const REFUSAL: Problem = {
    type: 'about:blank',
    status: 403,
    title: 'Forbidden',
    detail: 'This call manages the cache, and is closed to this request.',
    code: 'MANAGEMENT_CLOSED',
    hint: 'Send the request from the machine that runs the server, to localhost.',
  };

  it('a refusal is told in the words of the server', async () => {
    await renderInspector(25, '#/images', (state) => Object.assign(state, { refusal: REFUSAL }));
    expect(screen.getAllByText(REFUSAL.hint ?? '').length).toBeGreaterThan(0);
    expect(screen.getByText(/Refused, retry in/)).toBeDefined();
  });

  it('what is known stays when the server is gone, with when it is asked again', async () => {
    const { leave, pass } = await renderInspector(25);
    const before = tiles().length;
    leave(true);
    await pass(1500);
    expect(screen.getByText(/The server does not answer. What you see is from/)).toBeDefined();
    expect(screen.getByText(/No answer, retry in \d+ s/)).toBeDefined();
    expect(tiles().length).toBe(before);
    leave(false);
    await pass(12_000);
    expect(screen.queryByText(/does not answer/)).toBeNull();
  });

  it('a restart is told, and another version asks to load the page again', async () => {
    const { state, pass } = await renderInspector(25);
    Object.assign(state, { instance: 'b', version: '2.0.0' });
    await pass(1500);
    expect(screen.getByText(/was started again/)).toBeDefined();
    expect(screen.getByRole('button', { name: 'Load the page again' })).toBeDefined();
  });
});

describe('the other views', () => {
  it('activity says why a miss was one, and what to do about a failure; reading holds it', async () => {
    const { state, pass, container } = await renderInspector(25, '#/activity');
    expect(screen.getAllByText(/had made room for others \(maxSize\)/).length).toBeGreaterThan(0);
    expect(screen.getAllByText(/The signature of this URL has expired/).length).toBeGreaterThan(0);
    const first = () => container.querySelector('tbody tr')?.textContent;
    const before = first();
    fireEvent.pointerEnter(container.querySelector('.table-scroll')?.parentElement as HTMLElement);
    state.seq += 3;
    await pass(1000);
    expect(first()).toBe(before);
    fireEvent.click(screen.getByRole('button', { name: '3 new · Show' }));
    expect(first()).not.toBe(before);
  });

  it('the queue says why each one waits', async () => {
    await renderInspector(25, '#/queue');
    for (const why of [
      /waits for a slot \(3 of 16\)/,
      /stands aside for an image on screen/,
      /slow down, until/,
      /fewer at once/,
    ]) {
      expect(screen.getByText(why)).toBeDefined();
    }
  });

  it('problems have their hint and the line that cures them', async () => {
    await renderInspector(25, '#/problems');
    expect(screen.getByText("buckets: ['team-photos', 'team-photos-eu']")).toBeDefined();
    expect(screen.getByText('37 times')).toBeDefined();
  });

  it('problems say how many images they concern, however often those were asked for', async () => {
    await renderInspector(25, '#/problems');
    const summaries = [...document.querySelectorAll('summary')].map(({ textContent }) => textContent);
    expect(summaries).toEqual(['The last 20 images', '4 images', '2 images', '1 image']);
  });

  it('what is between backticks is shown as code, and a single backtick as it is', async () => {
    await renderInspector(25, '#/problems');
    expect(screen.getByText('buckets', { selector: 'code' }).parentElement?.textContent).toBe(
      'Add it to the option buckets.',
    );
    const { container } = render(<Sentences text="a `b` and `c" maxLength={100} />);
    expect(container.innerHTML).toBe('a <code>b</code> and `c');
  });

  it('the line of a single interval is a dash that can be seen', () => {
    const [, times] = CHARTS;
    const known = { hits_memory: 0, hits_disk: 0, misses: 1, failed: 0, bytes_saved: 0, bytes_downloaded: 1 };
    const points = [
      { ...known, at: 0, miss_p50_ms: 20, miss_p95_ms: 40 },
      { ...known, at: 60_000 },
      { ...known, at: 120_000, miss_p50_ms: 20, miss_p95_ms: 40 },
      { ...known, at: 180_000, miss_p50_ms: 20, miss_p95_ms: 40 },
    ];
    const answer: HistoryAnswer = { span: '1h', step_ms: 60_000, points, saved_bytes: 0, saved_ms: 0 };
    const { container } = render(times && <Chart chart={times} answer={answer} />);
    expect(container.querySelector('.line')?.getAttribute('d')).toMatch(/^M\S+ \S+h8M\S+ \S+L\S+ \S+$/);
  });

  it('clearing all needs the word, and says what is kept', async () => {
    const { pass, state } = await renderInspector(25, '#/storage');
    fireEvent.click(screen.getByRole('button', { name: 'Clear all' }));
    const dialog = screen.getByRole('dialog');
    const button = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Clear' });
    expect(button.disabled).toBe(true);
    fireEvent.change(within(dialog).getByRole('textbox'), { target: { value: 'clear' } });
    fireEvent.click(button);
    await pass(100);
    expect(state.calls).toContain('POST /clear-all {}');
  });

  it('a check tells what is wrong and mends nothing; verify has its steps', async () => {
    const { pass, state } = await renderInspector(25, '#/storage');
    fireEvent.click(screen.getByRole('button', { name: 'Check' }));
    await pass(100);
    expect(screen.getByText('on disk, not in the manifest')).toBeDefined();
    expect(state.calls.some((call) => call.startsWith('POST'))).toBe(false);
    fireEvent.click(screen.getByRole('button', { name: 'Verify' }));
    await pass(100);
    expect(screen.getAllByText(/25 images verified in 600 ms: 1 damaged, 1 repaired/).length).toBeGreaterThan(0);
  });

  it('a pack is saved by a link, also of an actor, and imported from a file, with what was refused and why', async () => {
    const { calls, pass } = await renderInspector(25, '#/storage');
    expect(screen.getByText('Export all').closest('a')?.getAttribute('href')).toBe('./api/export');
    expect(screen.getByLabelText('Export 0001').getAttribute('href')).toBe('./api/export?actor_id=0001');
    const file = new File(['a tar'], 'images.tar');
    fireEvent.change(screen.getByLabelText('Pack to import'), { target: { files: [file] } });
    await pass(50);
    expect(calls('import')).toEqual(['POST /import']);
    expect(screen.getAllByText(/9 images imported, 24 MB; 2 cached before, 1 refused\./).length).toBeGreaterThan(0);
    expect(screen.getByText('SVG is not allowed.').closest('li')?.textContent).toMatch(
      /0001.*\.svg UNSUPPORTED_TYPE SVG is not allowed\. Set allowSvg\./,
    );
  });

  it('a pack that is refused says why, in the words of the server', async () => {
    const { pass, state } = await renderInspector(25, '#/storage');
    state.refusal = {
      type: 'about:blank',
      status: 507,
      title: 'Insufficient Storage',
      detail: 'The pack does not fit into the cache.',
      code: 'PACK_TOO_LARGE',
      hint: 'Raise the limit.',
    };
    fireEvent.change(screen.getByLabelText('Pack to import'), { target: { files: [new File(['a'], 'a.tar')] } });
    await pass(50);
    expect(screen.getAllByText('The pack does not fit into the cache.').length).toBeGreaterThan(0);
  });

  it('trends have all numbers in a table', async () => {
    await renderInspector(25, '#/trends');
    expect(screen.getByText('Saved 3.1 GB and 2 h 41 min in 30 days')).toBeDefined();
    expect(screen.getAllByRole('row', { hidden: true }).length).toBeGreaterThan(40);
  });

  it('the doctor says what is wrong and how to mend it, and examines one image', async () => {
    const { pass, calls } = await renderInspector(25, '#/doctor?url=https%3A%2F%2Fb%2Fa.jpg');
    await pass(50);
    expect(calls('/doctor')).toEqual(['GET /doctor?url=https%3A%2F%2Fb%2Fa.jpg']);
    expect(screen.getByText('aws sso login --profile dev')).toBeDefined();
    expect(screen.getAllByText('1 to mend, 1 warning').length).toBeGreaterThan(0);
  });

  it('a signed URL is examined as it was entered, and its signature is not in the address of the page', async () => {
    const { pass, calls } = await renderInspector(25, '#/doctor');
    await pass(50);
    const signed = 'https://b.s3.amazonaws.com/a.jpg?X-Amz-Credential=K&X-Amz-Signature=abc';
    fireEvent.change(screen.getByRole('textbox', { name: /^URL of an image/ }), { target: { value: signed } });
    fireEvent.click(screen.getByRole('button', { name: 'Examine' }));
    await pass(50);
    expect(calls('/doctor')).toEqual(['GET /doctor', `GET /doctor?url=${encodeURIComponent(signed)}`]);
    expect(location.hash).toBe('#/doctor?url=https%3A%2F%2Fb.s3.amazonaws.com%2Fa.jpg');
  });

  it('uploads of the server are named with their project', async () => {
    const { pass } = await renderInspector(25, '#/uploads');
    await pass(100);
    expect(screen.getByText(/failed, its bytes are kept/)).toBeDefined();
    expect(screen.getByRole('button', { name: 'Retry' })).toBeDefined();
  });
});

describe('a simulation', () => {
  const preset = (name: RegExp) => screen.getByRole('button', { name });

  it('is begun by a preset, for an actor and a share of the images, and is seen in every view until it is ended', async () => {
    const { calls, pass } = await renderInspector(25, '#/simulate');
    expect(screen.queryByRole('region', { name: 'Simulation' })).toBeNull();
    fireEvent.change(screen.getByLabelText(/Only an actor/), { target: { value: ' 0001 ' } });
    fireEvent.change(screen.getByLabelText('Share'), { target: { value: '25' } });
    fireEvent.click(preset(/^Offline/));
    await pass(50);
    expect(calls('PUT /simulate')).toEqual(['PUT /simulate {"preset":"offline","match":"0001","share":0.25}']);
    expect(preset(/^Offline/).getAttribute('aria-pressed')).toBe('true');
    for (const view of ['images', 'queue', 'storage', 'uploads']) {
      act(() => void (location.hash = `#/${view}`));
      await pass(50);
      expect(screen.getByRole('region', { name: 'Simulation' }).textContent).toContain(
        '· 25 % · 0001 · 4 requests held',
      );
    }
    fireEvent.click(screen.getByRole('button', { name: 'End the simulation' }));
    await pass(50);
    expect(calls('DELETE /simulate')).toHaveLength(1);
    expect(screen.queryByRole('region', { name: 'Simulation' })).toBeNull();
  });

  it('of all images sends neither a match nor a share; another preset takes its place', async () => {
    const { calls, pass } = await renderInspector(25, '#/simulate');
    for (const name of [/^Slow/, /^Broken bytes/]) {
      fireEvent.click(preset(name));
      await pass(50);
    }
    expect(calls('PUT /simulate')).toEqual(['PUT /simulate {"preset":"slow"}', 'PUT /simulate {"preset":"broken"}']);
    expect([/^Slow/, /^Broken bytes/].map((name) => preset(name).getAttribute('aria-pressed'))).toEqual([
      'false',
      'true',
    ]);
  });

  it('that could not be begun or ended says why', async () => {
    const { state, pass } = await renderInspector(25, '#/simulate');
    const refusal: Problem = {
      type: 'about:blank',
      status: 403,
      title: '',
      code: 'MANAGEMENT_CLOSED',
      detail: 'Closed to this request.',
    };
    state.refusal = refusal;
    fireEvent.click(preset(/^Slow/));
    await pass(50);
    expect(
      screen.getAllByRole('alert').some(({ textContent }) => textContent?.includes('Closed to this request.')),
    ).toBe(true);
  });

  it('is not offered where nothing can be simulated', async () => {
    const { pass } = await renderInspector(25, '#/images', (state) => (state.canSimulate = false));
    await pass(50);
    expect(screen.queryByRole('link', { name: 'Simulate' })).toBeNull();
    expect(screen.getByRole('link', { name: 'Doctor' })).toBeDefined();
  });
});
