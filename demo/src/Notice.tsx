import type { ReactNode } from 'react';

/** A message to the visitor, above the pictures. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  const sentence = /[.!?…]$/.test(title) ? title : `${title}.`;
  return (
    <output className="notice">
      <strong>{sentence}</strong> <span>{children}</span>
    </output>
  );
}
