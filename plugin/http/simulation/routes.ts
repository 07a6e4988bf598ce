import type { SimulationAnswer } from '../../inspectorProtocol.ts';
import { ImageCacheError } from '../../errors.ts';
import { defineRoute } from '../defineRoute.ts';
import { PRESETS } from './presets.ts';
import type { Simulation } from './simulation.ts';
import { simulationSchema } from './simulationSchema.ts';

/** The simulation that is on, and the presets. */
export const simulationRoute = defineRoute({
  method: 'GET',
  path: '/simulate',
  access: 'manage',
  handler: async ({ simulation }) => answerOf(simulation),
});

/** Begins a simulation, instead of the one that is on. */
export const simulateRoute = defineRoute({
  method: 'PUT',
  path: '/simulate',
  access: 'manage',
  body: simulationSchema,
  handler: async ({ simulation, body }) => {
    simulation?.begin(body);
    return answerOf(simulation);
  },
});

/** Ends the simulation. */
export const simulationEndRoute = defineRoute({
  method: 'DELETE',
  path: '/simulate',
  access: 'manage',
  handler: async ({ simulation }) => {
    simulation?.end();
    return answerOf(simulation);
  },
});

/** @throws ImageCacheError NOT_FOUND where nothing can be simulated; the routes are not mounted there */
function answerOf(simulation: Simulation | undefined): SimulationAnswer {
  if (simulation === undefined) throw new ImageCacheError('NOT_FOUND', 'Nothing can be simulated here.');
  return { simulation: simulation.status, presets: PRESETS };
}
