export { inspectImage } from './inspect.ts';
export { recognizeImage } from './recognize.ts';
export { findSharp, type SharpFacts } from './variants/sharpFacts.ts';
export { createVariantMaker } from './variants/variantMaker.ts';
