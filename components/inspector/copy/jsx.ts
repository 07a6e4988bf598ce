/** The image as an element of an app. */
export function jsxElement(s3Url: string): string {
  return `<CachedImage s3_url=${attribute(s3Url)} alt="" />`;
}

/** A canonical URL is percent-encoded. Anything else is written as a string of JavaScript. */
function attribute(text: string): string {
  return /^[\w\-.~:/?#@!$'()*+,;=%[\]]*$/.test(text) ? `"${text}"` : `{${JSON.stringify(text)}}`;
}
