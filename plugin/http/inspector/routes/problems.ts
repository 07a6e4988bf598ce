import type { ProblemsAnswer } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';

/** Failures, grouped by their cause. */
export const problemsRoute = defineRoute({
  method: 'GET',
  path: '/problems',
  access: 'manage',
  handler: async ({ cache }): Promise<ProblemsAnswer> => cache.insight.problems(),
});
