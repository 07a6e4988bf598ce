const PREFIX = 'image-cache-uploads:';

/** All projects on one localhost port share an origin, so the name of a database has the project in it. */
export function databaseName(project: string): string {
  return PREFIX + project;
}

/** The project whose database it is; `undefined` for a database that is none of ours. */
export function projectOf(database: string): string | undefined {
  return database.startsWith(PREFIX) ? database.slice(PREFIX.length) : undefined;
}

/** Names what the tabs of one owner share: their channel, and what their locks begin with. */
export function tabsName(project: string, owner: string): string {
  return `${databaseName(project)}:${owner}`;
}
