import { useEffect, useRef } from 'react';
import { formatRoute, VIEWS, type ViewName } from '../route.ts';
import { Icon } from './Icon.tsx';

export const TITLES: Record<ViewName, string> = {
  images: 'Images',
  activity: 'Activity',
  queue: 'Queue',
  problems: 'Problems',
  storage: 'Storage',
  trends: 'Trends',
  doctor: 'Doctor',
  simulate: 'Simulate',
  uploads: 'Uploads',
};

interface NavigationProps {
  view: ViewName;
  /** Numbers beside a view, e.g. of problems. */
  badges: Partial<Record<ViewName, number>>;
  /** Where nothing can be simulated, there is no such view. */
  canSimulate: boolean;
}

export function Navigation({ view, badges, canSimulate }: NavigationProps) {
  const nav = useRef<HTMLElement>(null);
  // A badge that appears moves the views behind it.
  const badged = VIEWS.filter((each) => (badges[each] ?? 0) > 0).join();
  useEffect(() => {
    // On a narrow screen, the views are beside each other, and not all of them are seen. Not by `scrollIntoView()`: the next Tab would
    // begin there, and pass by the link to the content.
    const link = nav.current?.querySelector<HTMLElement>('[aria-current]');
    if (nav.current && link)
      nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2;
  }, [view, badged, canSimulate]);
  return (
    <nav ref={nav} className="navigation" aria-label="Views">
      <ul>
        {VIEWS.filter((each) => each !== 'simulate' || canSimulate).map((each) => (
          <li key={each}>
            <a href={formatRoute(each)} aria-current={each === view ? 'page' : undefined}>
              <Icon name={each} />
              <span>{TITLES[each]}</span>
              {(badges[each] ?? 0) > 0 && <Badge count={badges[each] ?? 0} />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Badge({ count }: { count: number }) {
  return <span className="badge">{count > 99 ? '99+' : count}</span>;
}
