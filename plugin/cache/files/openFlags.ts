import { constants } from 'node:fs';

/** Whoever plants something in the cache directory gets no further: a symlink is refused, and a FIFO does not block (T15). */
const CAUTIOUS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0); // Windows has neither

export const READ = constants.O_RDONLY | CAUTIOUS;
/** Every write goes to the end, whoever else writes. */
export const APPEND = constants.O_RDWR | constants.O_APPEND | CAUTIOUS;
/** The same for a file that must not exist yet. */
export const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL;
