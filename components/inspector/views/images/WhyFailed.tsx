import type { ImageFailure } from '../../../../plugin/inspectorProtocol.ts';
import { formatAgo } from '../../format/times.ts';
import { Fix } from '../../parts/Fix.tsx';
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
      {hint !== undefined && (
        <p>
          <Sentences text={hint} maxLength={800} />
        </p>
      )}
      {fix !== undefined && <Fix text={fix} />}
    </div>
  );
}
