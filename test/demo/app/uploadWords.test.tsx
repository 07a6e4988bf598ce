import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { Notice } from '../../../demo/src/Notice.tsx';
import { whatHappensNext } from '../../../demo/src/uploads/whatHappensNext.ts';

const error = (code: string): { code: string; message: string; hint: string; at: number } => ({
  code,
  message: 'S3 cannot be reached.',
  hint: 'Look.',
  at: 1,
});
const upload = {
  places: ['browser', 'server'],
  error: null,
  nextAttemptAt: null,
  attempts: 0,
  maxAttempts: 6,
} as const;

test.each(['beach.txt is not a picture', 'beach.txt is not a picture.', 'Which one?'])('D6: %s ends once', (title) => {
  render(<Notice title={title}>JPEG is taken.</Notice>);
  expect(screen.getByRole('status').textContent).toBe(
    `${title.replace(/\.$/, '')}${title.endsWith('?') ? '' : '.'} JPEG is taken.`,
  );
});

test('D5: the next try is told, and failed ones only if there are any', () => {
  const waits = { ...upload, status: 'pending', nextAttemptAt: 9_000, error: error('UNREACHABLE') } as const;
  expect(whatHappensNext(waits, 1_000)).toBe(
    'Safe on the server. S3 cannot be reached. Next try in 8 s, or at once with “Try again”.',
  );
  expect(whatHappensNext({ ...waits, attempts: 2 }, 1_000)).toMatch(/ 2 of 6 tries have failed\.$/);
});

test('D7: an old reason is said to be of the last try, and that a click is quicker', () => {
  const words = whatHappensNext({ ...upload, status: 'processing', error: error('UPSTREAM_UNREACHABLE') }, 0);
  expect(words).toBe(
    'Safe on the server. The last try: S3 cannot be reached. The next one comes by itself, or at once with “Try again”.',
  );
});

test('10: what another try cannot mend is not said to be tried again', () => {
  const blocked = { ...upload, status: 'blocked' } as const;
  expect(whatHappensNext({ ...blocked, error: error('GPS_NOT_REMOVABLE') }, 0)).not.toContain('again');
  expect(whatHappensNext({ ...blocked, error: error('UPSTREAM_EXPIRED') }, 0)).toContain('or at once with “Try again”');
});
