/**
 * Pages get this in place of the plugin, by the condition `browser` of package.json. The plugin would bring all of Vite along, and fail
 * with an error that says nothing.
 */
function refuse(): never {
  throw new Error(
    "vite-plugin-image-cache is the plugin, for vite.config.ts. In a page, import from 'vite-plugin-image-cache/react' (CachedImage, imageCache, …) or 'vite-plugin-image-cache/client'.",
  );
}

export const imageCache: never = refuse();
export const ImageCacheError: never = refuse();
