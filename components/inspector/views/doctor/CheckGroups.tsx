import type { DoctorCheck } from '../../../../plugin/inspectorProtocol.ts';
import { printable } from '../../format/text.ts';
import { Icon, type IconName } from '../../parts/Icon.tsx';
import { Remedy } from '../../parts/Remedy.tsx';
import { Sentences } from '../../parts/Sentences.tsx';

const GROUPS: Record<DoctorCheck['group'], string> = {
  server: 'Server',
  disk: 'Disk',
  images: 'Images',
  bucket: 'Bucket',
  image: 'This image',
  page: 'Page',
};

const STATES: Record<DoctorCheck['status'], { icon: IconName; text: string }> = {
  ok: { icon: 'check', text: 'Well' },
  warn: { icon: 'warn', text: 'Warning' },
  fail: { icon: 'close', text: 'Wrong' },
  skip: { icon: 'minus', text: 'Not examined' },
};

/** What was examined, by what it concerns. What is wrong says what to do. */
export function CheckGroups({ checks }: { checks: readonly DoctorCheck[] }) {
  const groups = new Map<string, DoctorCheck[]>();
  for (const check of checks) {
    const name = check.about === undefined ? GROUPS[check.group] : `${GROUPS[check.group]} ${check.about}`;
    groups.set(name, [...(groups.get(name) ?? []), check]);
  }
  return [...groups].map(([name, group]) => (
    <section key={name} className="stack">
      <h2>{printable(name, 100)}</h2>
      <ul className="checks">
        {group.map((check) => (
          <Check key={check.id} check={check} />
        ))}
      </ul>
    </section>
  ));
}

function Check({ check: { title, status, detail, hint, fix } }: { check: DoctorCheck }) {
  const { icon, text } = STATES[status];
  return (
    <li data-status={status}>
      <span className="sign" title={text}>
        <Icon name={icon} />
        <span className="unseen">{text}</span>
      </span>
      <h3>{printable(title, 100)}</h3>
      <div className="stack-small">
        <p>
          <Sentences text={detail} maxLength={600} />
        </p>
        <Remedy hint={hint} fix={fix} maxHintLength={600} />
      </div>
    </li>
  );
}
