/** Where the cache reports to. Messages are one line and carry no secrets. */
export interface CacheLogger {
  /** `undefined` when off, so that nothing is formatted for nobody. */
  debug: ((message: string) => void) | undefined;
  info(message: string): void;
  /**
   * The same message is reported once.
   * @param about the image it is about: the same message about others is counted, and not repeated for each
   */
  warn(message: string, about?: string): void;
}
