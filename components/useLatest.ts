import { type RefObject, useLayoutEffect, useRef } from 'react';

/** A value as it was rendered last, for callbacks that outlive their render. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}
