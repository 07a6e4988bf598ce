/** Loads {@link file://./extras.ts}: in a chunk of its own, once. */
export const loadExtras = async (): Promise<typeof import('./extras.ts')> => import('./extras.ts');
