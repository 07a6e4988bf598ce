import { FIREFOX_ESR } from './browsers/debian.ts';
import { playScenesIn } from './browsers/playScenesIn.ts';

/** `npm run test:browsers` */
await playScenesIn(FIREFOX_ESR);
