/** What a page needs only once there is a server to ask, or something has gone wrong: not worth the wait for the first image. */
export { announce } from './announce.ts';
export { blurUntilDecoded } from './blur.ts';
export { createLookup } from './lookup.ts';
export { recover } from './recovery.ts';
export { renewUrls } from './renewUrls.ts';
export { readCacheStatus } from './resourceTiming.ts';
export { watchTimings } from './timings.ts';
export { takeTurn } from './turns.ts';
