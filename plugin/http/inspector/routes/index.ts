/** Every call that only the inspector asks. A route that is exported here is mounted. */
export { liveRoute } from './live.ts';
export { entriesRoute } from './entries.ts';
export { actorsRoute } from './actors.ts';
export { problemsRoute } from './problems.ts';
export { queueRoute } from './queue.ts';
export { entryRoute } from './entry.ts';
export { historyRoute } from './history.ts';
export { storageRoute } from './storage.ts';
export { thumbRoute } from './thumb.ts';
export { checkRoute } from './check.ts';
export { refetchRoute } from './refetch.ts';
export { askRoute } from './ask.ts';
export { exportRoute } from './export.ts';
export { importRoute } from './import.ts';
