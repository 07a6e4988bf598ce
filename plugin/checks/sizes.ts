import * as z from 'zod/mini';
import { parseSize } from '../amounts.ts';
import type { Size } from '../options.ts';

/** The description of a size in messages. */
export const BYTES = "a positive number of bytes, or a text such as '50MB'";

/** A size in the form in which it was written. */
export const size = (expected: string) =>
  z.custom<Size>((value) => parseSize(value) !== undefined, { error: expected });

/** A size in bytes. */
export const bytes = (standard: string) =>
  z.pipe(
    z._default(size(BYTES), standard),
    z.transform((value: Size) => parseSize(value) ?? 0),
  );
