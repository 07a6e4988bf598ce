import { it } from 'vitest';
import { expectLeadersToLeaveAlone } from '../helpers/leavingLeaders.ts';

it('T44: a request that started a download and leaves does not abort it for the others, 500 times over', () =>
  expectLeadersToLeaveAlone(500));
