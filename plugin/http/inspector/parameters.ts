import { ImageCacheError } from '../../errors.ts';

/** @throws ImageCacheError INVALID_BODY */
export function wholeNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ImageCacheError('INVALID_BODY', `The parameter \`${name}\` must be a whole number.`);
}

/** @throws ImageCacheError INVALID_BODY */
export function oneOf<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw new ImageCacheError('INVALID_BODY', `The parameter \`${name}\` must be one of ${values.join(', ')}.`);
}
