import { act, fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { renderInspector, stubBrowser } from './renderInspector.tsx';

beforeEach(() => {
  vi.useFakeTimers();
  stubBrowser();
  return () => vi.useRealTimers();
});

describe('a server that is offline by choice', () => {
  const offline = (address: string, missedOffline: number) =>
    renderInspector(25, address, (state) => void (state.missedOffline = missedOffline));
  const isDisabled = (name: string | RegExp) =>
    screen.getAllByRole('button', { name }).every((button) => Reflect.get(button, 'disabled'));

  it('says so above each view, with what was missing', async () => {
    await offline('#/queue', 3);
    const note = screen.getByText(/offline by choice/);
    expect(note.textContent).toContain('3 images could not be served');
    expect(within(note).getByRole('link').getAttribute('href')).toBe('#/problems');
  });

  it('has no button for what it refuses', async () => {
    await offline('#/storage', 0);
    expect(screen.getByText(/Nothing was missing so far/)).toBeDefined();
    expect([isDisabled('Clear all'), isDisabled(/^Clear (?!all)/)]).toEqual([true, true]);
  });

  it('neither fetches an image again nor forgets it, and does not ask the bucket', async () => {
    const { pass } = await offline('#/images', 0);
    act(() => screen.getAllByRole('gridcell')[0]?.focus());
    fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Enter' });
    await pass(50);
    expect([isDisabled('Fetch again'), isDisabled('Forget')]).toEqual([true, true]);
    expect(screen.getByText('Not asked, since the server is offline')).toBeDefined();
    expect(isDisabled('Pin')).toBe(false);
  });
});
