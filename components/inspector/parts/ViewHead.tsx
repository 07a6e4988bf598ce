import type { ReactNode } from 'react';

/** The name of a view, one line of truth, and what can be done with all of it. */
export function ViewHead({ title, line, children }: { title: string; line?: ReactNode; children?: ReactNode }) {
  return (
    <div className="view-head">
      <div>
        <h1>{title}</h1>
        {line !== undefined && <p>{line}</p>}
      </div>
      {children !== undefined && <div className="actions">{children}</div>}
    </div>
  );
}
