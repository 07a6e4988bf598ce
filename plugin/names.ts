const BUCKET_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/;
const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;

/** Whether the text can be the name of a bucket, at AWS or at a server that speaks S3. */
export function isBucketName(text: string): boolean {
  return BUCKET_NAME.test(text);
}

/** Whether the text is a host name or an IPv4 address, and nothing else: without a scheme, a port, a path or an empty part. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text);
}
