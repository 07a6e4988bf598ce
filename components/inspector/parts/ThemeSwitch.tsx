import { useEffect, useState } from 'react';
import { Icon, type IconName } from './Icon.tsx';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const KEY = 'image-cache-inspector:theme';
const ICONS: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' };
const LABELS: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Light, dark, or as the system is. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme);

  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Without storage, the choice lasts as long as the page.
    }
  }, [theme]);

  return (
    <fieldset className="segments" aria-label="Colours">
      {THEMES.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={theme === each}
          aria-label={LABELS[each]}
          title={LABELS[each]}
          onClick={() => setTheme(each)}
        >
          <Icon name={ICONS[each]} />
        </button>
      ))}
    </fieldset>
  );
}

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === stored) ?? 'system';
  } catch {
    return 'system';
  }
}
