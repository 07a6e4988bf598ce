/**
 * Pages that import the plugin by mistake get this file instead, by the condition `browser` in package.json. The plugin itself would import
 * all of Vite, and fail with an error that does not name the mistake.
 */
function refuse(): never {
  throw new Error(
    "vite-plugin-image-cache is the plugin, for vite.config.ts. In a page, import from 'vite-plugin-image-cache/react' (CachedImage, imageCache, …) or 'vite-plugin-image-cache/client'.",
  );
}

export const imageCache: never = refuse();
export const ImageCacheError: never = refuse();
