import { readRecipe } from '../../helpers/nginxRecipes.ts';
import type { RunningServer } from './kinds.ts';
import { type NginxOptions, startNginx } from './nginx.ts';
import { freePort } from './spawned.ts';

export interface NginxInFrontOptions extends Pick<NginxOptions, 'command' | 'prefix'> {
  /** `host:port` of the server of ours that it passes requests on to. */
  server: string;
  cacheDir: string;
}

/** nginx before a server of ours, set up by the recipe of docs/cdn.md that lets it send files. */
export async function start({ command, prefix, server, cacheDir }: NginxInFrontOptions): Promise<RunningServer> {
  const port = await freePort();
  const http = await readRecipe('X-Accel-Redirect', { port, server, dir: prefix, cacheDir });
  return startNginx({ command, prefix, port, http });
}
