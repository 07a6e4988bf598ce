// @vitest-environment node
import { expect, test } from 'vitest';
import { createEvidence } from '../../../../components/uploads/queue/evidence.ts';

test('a refusal is the picture’s own only if another has succeeded since its last one', () => {
  const evidence = createEvidence<string>();
  const began = evidence.begin();
  expect(evidence.refused('a', began)).toBe(false);
  expect(evidence.refused('a', evidence.begin())).toBe(false);
  evidence.succeeded('b', evidence.begin());
  expect(evidence.refused('a', evidence.begin())).toBe(true);
  expect(evidence.refused('a', evidence.begin())).toBe(false);
});

test('one that was refused while another was being served is charged when that succeeds', () => {
  const evidence = createEvidence<string>();
  const served = evidence.begin();
  const began = evidence.begin();
  expect(evidence.refused('a', began)).toBe(false);
  evidence.suspect('a', 'HTTP 503');
  expect(evidence.succeeded('b', served)).toEqual([['a', 'HTTP 503']]);
  expect(evidence.succeeded('c', served)).toEqual([]);
});

test('not so if the other began later: that is how an outage ends', () => {
  const evidence = createEvidence<string>();
  evidence.refused('a', evidence.begin());
  evidence.suspect('a', 'HTTP 503');
  expect(evidence.succeeded('b', evidence.begin())).toEqual([]);
});

test('the third time without an answer counts, if the server has answered between', () => {
  const evidence = createEvidence<string>();
  const die = (): boolean => evidence.unanswered('a', evidence.begin());
  expect([die(), die(), die(), die()]).toEqual([false, false, false, false]);
  const results = [1, 2, 3].map(() => {
    evidence.answered();
    return die();
  });
  expect(results).toEqual([false, false, true]);
});
