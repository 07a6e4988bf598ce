import 'react';

declare module 'react' {
  interface CSSProperties {
    /** The width of a picture divided by its height, so that its box has the right shape before the picture is loaded. */
    '--ratio'?: number;
  }
}
