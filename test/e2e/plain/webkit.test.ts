import { WEBKIT_GTK } from './browsers/debian.ts';
import { playScenesIn } from './browsers/playScenesIn.ts';

/** `npm run test:browsers` */
await playScenesIn(WEBKIT_GTK);
