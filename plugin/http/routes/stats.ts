import type { CacheStats } from '../../protocol.ts';
import type { HttpContext } from '../context.ts';
import type { Handler } from '../handlers.ts';

/** `GET /stats` */
export function statsRoute({ cache }: HttpContext): Handler {
  return (): Promise<CacheStats> => cache.stats();
}
