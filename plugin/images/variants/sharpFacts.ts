import { sharpLibrary } from './sharpLibrary.ts';

export interface SharpFacts {
  version: string;
  /** Names of the formats that it can write here, as sharp calls them: AVIF is `heif`. */
  formats: readonly string[];
}

/** What the installed sharp can do; `undefined` if there is none, or it does not run on this machine. */
export async function findSharp(): Promise<SharpFacts | undefined> {
  const sharp = await sharpLibrary()();
  if (sharp === undefined) return undefined;
  const formats = Object.values(sharp.format).filter(({ output }) => output.buffer);
  return { version: sharp.versions.sharp ?? 'of an unknown version', formats: formats.map(({ id }) => id) };
}
