import { useEffect, useState } from 'react';

const CONFIRM_MS = 1_500;

/** Copies a text to the clipboard and confirms it. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  // The clipboard is not available outside of secure contexts; there, the text can be selected.
  const copy = () =>
    void navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => {},
    );
  return (
    <button className="icon" type="button" onClick={copy} aria-label={copied ? 'Copied' : label} title={label}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {copied ? <path d="m3.5 8.5 3 3 6-7" /> : <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />}
      </svg>
    </button>
  );
}
