import { formatBytes } from '../../format/amounts.ts';
import { useAnswer } from '../../server/useAnswer.ts';

/** How much the browser keeps for this origin, and whether it has promised to keep it. */
export function StorageNote() {
  const { answer } = useAnswer('estimate', async () => {
    // Absent where the page is not secure, e.g. at an address in the local network.
    const { storage } = navigator as { storage?: StorageManager };
    const [estimate, isPersisted] = await Promise.all([storage?.estimate(), storage?.persisted()]);
    return { ...estimate, isPersisted };
  });
  if (answer?.usage === undefined || answer.quota === undefined) return null;
  return (
    <p className="muted">
      This browser keeps {formatBytes(answer.usage)} of at most {formatBytes(answer.quota)} for this origin, and has{' '}
      {answer.isPersisted === true ? 'promised not to remove it.' : 'not promised to keep it when the disk is full.'}
    </p>
  );
}
