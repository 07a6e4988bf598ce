import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import type { Proof } from '../../plugin/cache/injected/inspector.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import { inspectImage } from '../../plugin/images/index.ts';
import { sniff } from '../../plugin/images/families.ts';
import { showInBrowser, type Shown } from './showInBrowser.ts';

interface Inspection {
  isAccepted: boolean;
  /** e.g. `NOT_AN_IMAGE The body is …`, of what was refused. */
  reason: string;
  width?: number | undefined;
  height?: number | undefined;
}

/** What became of one file, here and in a browser. */
export interface Comparison {
  file: string;
  /** By its first bytes, whatever it is called. */
  format: string;
  shown: Shown;
  /** As if its length had been announced, and as if nothing had been. */
  announced: Inspection;
  unannounced: Inspection;
}

/** Holds what we say of files against what a browser shows. */
export async function compareFiles(browser: Browser, files: readonly string[]): Promise<Comparison[]> {
  const shown = await showInBrowser(browser, files);
  const comparisons: Comparison[] = [];
  for (const [index, file] of files.entries()) {
    const bytes = await readFile(file);
    comparisons.push({
      file,
      format: sniff(bytes) ?? 'none',
      shown: shown[index] ?? { isShown: false, width: 0, height: 0 },
      announced: inspect(bytes, 'announced'),
      unannounced: inspect(bytes, 'structure'),
    });
  }
  return comparisons;
}

function inspect(bytes: Uint8Array, proof: Proof): Inspection {
  try {
    const { width, height } = inspectImage(bytes, proof, { allowSvg: true });
    return { isAccepted: true, reason: '', width, height };
  } catch (error) {
    const { code, message } = ImageCacheError.from(error);
    return { isAccepted: false, reason: `${code} ${message}` };
  }
}
