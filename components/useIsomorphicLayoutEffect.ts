import { useEffect, useLayoutEffect } from 'react';

/** `useLayoutEffect`, of which React 18 complains when a server renders. */
export const useIsomorphicLayoutEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;
