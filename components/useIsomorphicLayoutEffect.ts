import { useEffect, useLayoutEffect } from 'react';

/** Like `useLayoutEffect`, but without the warning that React 18 prints when a server renders. */
export const useIsomorphicLayoutEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;
