/** Names inside the outbox. `tmp/` has the names that the cache gives, so that half-written files are swept in the same way. */
export const JOBS = 'jobs';
export const DONE = 'done';
export const BODIES = 'bodies';
export const QUARANTINE = 'quarantine';
export const TMP = 'tmp';
export const FOLDERS = [JOBS, DONE, BODIES, TMP] as const;
export const LOCK = 'drain.lock';
/** Which process has the lock, or had it last. */
export const HOLDER = 'drain.holder';
export const README_FILE = 'README.md';

/** A record: the id of the job. */
export const RECORD_NAME = /^[0-9a-f]{32}\.json$/;
/** A picture: the first half of its SHA-256, and its extension. */
export const BODY_NAME = /^[0-9a-f]{32}\.[a-z0-9]{2,5}$/;

/** By this line an outbox is known to be one. */
export const README_TITLE = '# Outbox of vite-plugin-image-cache';
export const README = `${README_TITLE}

The pictures in \`bodies/\` were uploaded, and are not in the bucket yet. They may be the only copy there is.
They go from here by themselves as soon as the bucket has them. This is not the cache: do not remove it.
`;
