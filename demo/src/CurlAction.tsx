import { useState } from 'react';
import { CopyButton } from './CopyButton.tsx';

export interface CurlActionProps {
  label: string;
  /** The path below the API's base, e.g. `/clear/0001`. */
  path: string;
  onRun: () => Promise<unknown>;
  testId?: string;
}

/** A button, with the command that does the same in a terminal. */
export function CurlAction({ label, path, onRun, testId }: CurlActionProps) {
  const [state, setState] = useState<'ready' | 'busy' | 'failed'>('ready');
  const command = curlCommand(path);
  const run = () => {
    setState('busy');
    onRun().then(
      () => setState('ready'),
      () => setState('failed'),
    );
  };
  return (
    <span className="curl-action">
      <button type="button" onClick={run} disabled={state === 'busy'} data-testid={testId}>
        {state === 'failed' ? 'Failed, again' : label}
      </button>
      <code title={command}>{command}</code>
      <CopyButton text={command} label={`Copy the curl line of “${label}”`} />
    </span>
  );
}

/** The command for a POST without a body. */
function curlCommand(path: string): string {
  return `curl -X POST ${serverOf()}/api/cache${path}`;
}

/** The command that removes one picture from the cache. */
export function curlInvalidate(s3Url: string): string {
  const body = JSON.stringify({ s3_url: s3Url.replace(/\?.*$/s, '') });
  return `curl -X POST -H 'content-type: application/json' -d '${body}' ${serverOf()}/api/cache/invalidate`;
}

/** The server without `http://`, which curl does not need, so that the command is shorter. */
function serverOf(): string {
  return location.origin.replace(/^http:\/\//, '');
}
