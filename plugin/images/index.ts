export { inspectImage } from './inspect.ts';
export { recognizeImage } from './recognize.ts';
export { createVariantMaker } from './variants/variantMaker.ts';
