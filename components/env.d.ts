/** What Vite adds to `import.meta`. It is optional because Node and other bundlers do not have it. This file is not published. */
interface ImportMeta {
  readonly env?: { readonly BASE_URL?: string; readonly DEV?: boolean };
  readonly hot?: {
    on(event: string, listener: (payload: never) => void): void;
    off(event: string, listener: (payload: never) => void): void;
    send(event: string): void;
  };
}

/** Defined by the plugin in development only, not in builds. */
declare const __IMAGE_CACHE__:
  | {
      readonly base: string;
      /** The path of the inspector, below Vite's base. */
      readonly inspector?: string;
      readonly imageBase?: string;
      readonly origin?: string;
      readonly bucket?: string;
      readonly isSharpMissing?: true;
      readonly isOffline?: true;
    }
  | undefined;

/** Defined by the plugin when the option `uploads` is set, in dev, build and preview; absent otherwise. */
declare const __IMAGE_CACHE_PROJECT__: string | undefined;

/** Defined by the plugin in builds with the option `serviceWorker`: the name of the worker, or `false` if it removes itself. */
declare const __IMAGE_CACHE_WORKER__: string | false | undefined;
