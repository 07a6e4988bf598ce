/** The log of the cache. Messages have one line and contain no secrets. */
export interface CacheLogger {
  /** `undefined` when debug output is off, so that no message is formatted in vain. */
  debug: ((message: string) => void) | undefined;
  info(message: string): void;
  /**
   * Logs each message once.
   * @param about the image that the message is about. The same message about other images is counted, and not repeated for each.
   */
  warn(message: string, about?: string): void;
}
