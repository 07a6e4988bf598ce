export { inspectImage } from './inspect.ts';
