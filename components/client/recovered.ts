import type { RECOVERED_EVENT_NAME } from '../../plugin/protocol.ts';

/**
 * The event of the window that says that what kept images from arriving is over. Images that have failed, and prefetches that wait for S3,
 * then try again at once. It comes from the server: over Vite's socket, or by `GET /events`.
 */
export const RECOVERED = 'image-cache:recovered' satisfies typeof RECOVERED_EVENT_NAME;

export function announceRecovery(): void {
  dispatchEvent(new Event(RECOVERED));
}
