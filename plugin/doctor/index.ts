export { createDoctor, type Doctor } from './doctor.ts';
export type { Installation, ServerFacts, ViteFacts } from './installation.ts';
export { systemProbes } from './probes.ts';
export { bytesText } from './texts.ts';
