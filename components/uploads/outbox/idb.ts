/** Apart, since the build puts the package's code in this file: an app need not install it. */
export { openDB } from 'idb';
