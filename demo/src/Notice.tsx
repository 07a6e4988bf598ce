import type { ReactNode } from 'react';

/** A message to the visitor, above the pictures. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <output className="notice">
      <strong>{title}.</strong> <span>{children}</span>
    </output>
  );
}
