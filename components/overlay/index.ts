export { showOrigins, type OriginsOptions } from './showOrigins.ts';
