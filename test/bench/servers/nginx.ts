import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningServer } from './kinds.ts';
import { freePort, startProgram } from './spawned.ts';

export interface NginxOptions {
  /** The program. */
  command: string;
  /** What it serves. */
  dir: string;
  /** Where it may write. */
  prefix: string;
  /** Directives besides those that nginx.org ships. */
  tuning: string;
}

export async function start({ command, dir, prefix, tuning }: NginxOptions): Promise<RunningServer> {
  const port = await freePort();
  const http = `types { image/jpeg jpg; } ${tuning} server { listen 127.0.0.1:${port}; root ${dir}; }`;
  return startNginx({ command, prefix, port, http });
}

/** One worker, kernel copies, nothing logged. @param http the rest of the `http` block */
export async function startNginx({
  command,
  prefix,
  port,
  http,
}: Pick<NginxOptions, 'command' | 'prefix'> & { port: number; http: string }): Promise<RunningServer> {
  const config = `
    daemon off; master_process off; worker_processes 1;
    pid ${join(prefix, 'nginx.pid')}; error_log stderr crit;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; keepalive_requests 1000000000;
      client_body_temp_path ${prefix}; proxy_temp_path ${prefix}; fastcgi_temp_path ${prefix};
      uwsgi_temp_path ${prefix}; scgi_temp_path ${prefix};
      ${http}
    }`;
  await mkdir(prefix, { recursive: true });
  const file = join(prefix, 'nginx.conf');
  await writeFile(file, config);
  return startProgram(command, ['-p', prefix, '-c', file, '-e', 'stderr'], port);
}
