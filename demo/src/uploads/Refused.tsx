import type { UploadError } from 'vite-plugin-image-cache/uploads';
import { Notice } from '../Notice.tsx';

/** Why files were not taken, read out at once. */
export function Refused({ errors }: { errors: readonly UploadError[] }) {
  if (errors.length === 0) return null;
  return (
    <div role="alert" data-testid="refused">
      {errors.map((error) => (
        <Notice key={error.message} title={error.message}>
          {error.hint}
        </Notice>
      ))}
    </div>
  );
}
