export { createDoctor, type Doctor } from './doctor.ts';
export type { Installation, ServerFacts } from './installation.ts';
export { systemProbes } from './probes.ts';
