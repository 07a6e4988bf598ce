import { it } from 'vitest';
import { expectLeadersToLeaveAlone } from '../helpers/leavingLeaders.ts';

it('T44: a leader that leaves takes nobody with it, 500 times over', () => expectLeadersToLeaveAlone(500));
