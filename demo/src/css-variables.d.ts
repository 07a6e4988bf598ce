import 'react';

declare module 'react' {
  interface CSSProperties {
    /** Width over height of a picture: its box has the right shape before a byte has come. */
    '--ratio'?: number;
  }
}
