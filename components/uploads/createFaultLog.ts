import type { UploadFault } from './imageUploads.ts';

/**
 * Tells developers on the console why pictures are not uploaded, once for each code. Visitors read `uploadErrorText()`, which says nothing of
 * options and credentials. Builds do it, too: what went wrong at a visitor's is looked for there.
 * @param faults what is wrong now
 * @returns a function that says that something has changed
 */
export function createFaultLog(
  faults: () => Iterable<UploadFault | null | undefined>,
  warn: (text: string) => void,
): () => void {
  const told = new Set<string>();
  let isPlanned = false;

  function look(): void {
    isPlanned = false;
    for (const fault of faults()) {
      if (!fault || told.has(fault.code)) continue;
      told.add(fault.code);
      const { code, message, hint = '' } = fault;
      warn(`[image-cache] Uploads: ${code}: ${message} ${hint}`.trimEnd());
    }
  }

  return () => {
    if (isPlanned) return;
    isPlanned = true;
    queueMicrotask(look);
  };
}
