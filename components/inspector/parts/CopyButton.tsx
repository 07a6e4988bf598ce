import { useEffect, useState } from 'react';
import { useAnnounce } from './announcer.tsx';
import { Icon } from './Icon.tsx';

const SHOWN_MS = 1500;

/** Copies a text, and says so. @param of what is copied, for the announcement: `curl command` */
export function CopyButton({ text, label, of: what = label }: { text: string; label: string; of?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const announce = useAnnounce();

  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy(): Promise<void> {
    const isCopied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    setState(isCopied ? 'copied' : 'failed');
    announce(isCopied ? `${what} copied.` : `${what} could not be copied.`);
  }

  return (
    <button type="button" className="button quiet" onClick={() => void copy()}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      {state === 'idle' ? label : state === 'copied' ? 'Copied' : 'Not copied'}
    </button>
  );
}
