import { type ComponentType, useEffect, useState } from 'react';
import { Connection } from './parts/Connection.tsx';
import { HelpDialog } from './parts/HelpDialog.tsx';
import { Icon } from './parts/Icon.tsx';
import { Navigation, TITLES } from './parts/Navigation.tsx';
import { Notices } from './parts/Notices.tsx';
import { SimulationBanner } from './parts/SimulationBanner.tsx';
import { ThemeSwitch } from './parts/ThemeSwitch.tsx';
import type { ViewName, ViewProps } from './route.ts';
import type { LiveState } from './server/createLive.ts';
import { useLive } from './server/serverContext.tsx';
import { useKey } from './useKey.ts';
import { useRoute } from './useRoute.ts';
import { ActivityView } from './views/ActivityView.tsx';
import { DoctorView } from './views/DoctorView.tsx';
import { ImagesView } from './views/ImagesView.tsx';
import { ProblemsView } from './views/ProblemsView.tsx';
import { QueueView } from './views/QueueView.tsx';
import { SimulateView } from './views/SimulateView.tsx';
import { StorageView } from './views/StorageView.tsx';
import { TrendsView } from './views/TrendsView.tsx';
import { UploadsView } from './views/UploadsView.tsx';

const VIEW_COMPONENTS: Record<ViewName, ComponentType<ViewProps>> = {
  images: ImagesView,
  activity: ActivityView,
  queue: QueueView,
  problems: ProblemsView,
  storage: StorageView,
  trends: TrendsView,
  doctor: DoctorView,
  simulate: SimulateView,
  uploads: UploadsView,
};

/** The page: navigation, what concerns all of it, and one view. */
export function App() {
  const { view, query } = useRoute();
  const live = useLive();
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  useKey('?', () => setIsHelpOpen(true));

  useEffect(() => {
    document.title = `${TITLES[view]} · Image cache`;
  }, [view]);

  const View = VIEW_COMPONENTS[view];
  return (
    <div className={`app${live.status === 'silent' ? ' is-silent' : ''}`}>
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to the content
      </a>
      <header className="side">
        <p className="brand">
          <Icon name="images" />
          Image cache
        </p>
        <Navigation view={view} badges={badgesOf(live)} canSimulate={live.answer?.simulation !== undefined} />
        <div className="side-end">
          <Connection live={live} />
          <div className="side-tools">
            <ThemeSwitch />
            <button
              type="button"
              className="button quiet icon-only"
              aria-label="Keys"
              onClick={() => setIsHelpOpen(true)}
            >
              <Icon name="help" />
            </button>
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {live.answer?.simulation && <SimulationBanner simulation={live.answer.simulation} />}
        <Notices live={live} />
        <View key={view} query={query} />
      </main>
      {isHelpOpen && <HelpDialog onClose={() => setIsHelpOpen(false)} />}
    </div>
  );
}

function badgesOf({ answer }: LiveState): Partial<Record<ViewName, number>> {
  const { uploads } = answer ?? {};
  return {
    problems: answer?.problems ?? 0,
    queue: answer ? answer.stats.downloads.active + answer.stats.downloads.queued : 0,
    uploads: uploads ? uploads.failed + uploads.blocked : 0,
  };
}

/** The link is no route. */
function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
