import type { Scene } from '../scene.ts';
import { BOXES } from './boxes.tsx';
import { CHANGES } from './changes.tsx';
import { ERRORS } from './errors.tsx';
import { FLOW } from './flow.tsx';
import { HIDDEN } from './hidden.tsx';
import { LOADING } from './loading.tsx';
import { MEDIA } from './media.tsx';
import { ROOTS } from './roots.tsx';

/** All scenes. A new one goes into the file whose name fits best. */
export const SCENES: readonly Scene[] = [
  ...BOXES,
  ...FLOW,
  ...HIDDEN,
  ...ROOTS,
  ...LOADING,
  ...CHANGES,
  ...ERRORS,
  ...MEDIA,
];
