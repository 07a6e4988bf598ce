import type { ImageFailure } from '../../../../plugin/inspectorProtocol.ts';
import { formatAgo } from '../../format/times.ts';
import { Remedy } from '../../parts/Remedy.tsx';
import { Sentences } from '../../parts/Sentences.tsx';

/** Why an image does not show, and what to do. */
export function WhyFailed({ failure, now }: { failure: ImageFailure; now: number }) {
  const { at, code, cause, hint, fix } = failure;
  return (
    <div className="note note-fail">
      <h3>
        <Sentences text={cause} maxLength={600} />
      </h3>
      <p>
        <code>{code}</code> · {formatAgo(at, now)}
      </p>
      <Remedy hint={hint} fix={fix} />
    </div>
  );
}
