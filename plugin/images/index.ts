export { inspectImage } from './inspect.ts';
export { recognizeImage } from './recognize.ts';
