import { type Ref, type RefCallback, useCallback } from 'react';

/** One callback ref that serves two refs, as stable as they are; cleanups of either are honoured. */
export function useMergedRef<T>(first: Ref<T> | undefined, second: Ref<T> | undefined): RefCallback<T> {
  return useCallback(
    (instance: T) => {
      const detachFirst = attach(first, instance);
      const detachSecond = attach(second, instance);
      return () => {
        detachFirst();
        detachSecond();
      };
    },
    [first, second],
  );
}

function attach<T>(ref: Ref<T> | undefined, instance: T): () => void {
  if (!ref) return () => {};
  if (typeof ref === 'function') {
    const cleanup = ref(instance);
    return typeof cleanup === 'function' ? cleanup : () => void ref(null);
  }
  ref.current = instance;
  return () => {
    ref.current = null;
  };
}
