/** What goes on while the manifest is open. */
export interface Background {
  /** Called once the manifest is open; must not hold it up. */
  start?(): void;
  /** Resolves when nothing goes on any more; the manifest may be written to until then. */
  close?(): Promise<void>;
}
