import { useState } from 'react';
import { CopyButton } from './CopyButton.tsx';

export interface CurlActionProps {
  label: string;
  /** Under the API's mount, e.g. `/clear/0001`. */
  path: string;
  onRun: () => Promise<unknown>;
  testId?: string;
}

/** A button, and beside it the line that does the same from a terminal. */
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

/** What to type for a POST that needs no body. */
function curlCommand(path: string): string {
  return `curl -X POST ${serverOf()}/api/cache${path}`;
}

/** What to type to forget one picture. */
export function curlInvalidate(s3Url: string): string {
  const body = JSON.stringify({ s3_url: s3Url.replace(/\?.*$/s, '') });
  return `curl -X POST -H 'content-type: application/json' -d '${body}' ${serverOf()}/api/cache/invalidate`;
}

/** curl takes a bare host for http, and a shorter line is more easily read. */
function serverOf(): string {
  return location.origin.replace(/^http:\/\//, '');
}
