import type { ReactNode } from 'react';

/** Something the visitor should know, in its place above the pictures. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <output className="notice">
      <strong>{title}.</strong> <span>{children}</span>
    </output>
  );
}
