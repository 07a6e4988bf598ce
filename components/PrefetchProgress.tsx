'use client';

import { type ComponentPropsWithRef, forwardRef, type ReactNode, useId } from 'react';
import type { FailureReason, PrefetchProgress as Progress } from './client/prefetchTypes.ts';
import { usePrefetch } from './usePrefetch.ts';

/** The progress and the component that shows it have the same name. */
export type PrefetchProgress = Progress;

type Images = Progress['images'];

/** The texts of the bar, for other languages. */
export interface PrefetchProgressTexts {
  running(images: Images): string;
  paused(images: Images): string;
  /** There are images to fetch, but no network. */
  offline(images: Images): string;
  /** S3 or the server cannot be reached. Prefetching continues by itself. */
  waiting(images: Images, reason: FailureReason | undefined): string;
  /** All images are done. */
  done(images: Images): string;
  /** Read out once, when the first image has failed. */
  failing(images: Images): string;
}

export interface PrefetchProgressProps extends Omit<ComponentPropsWithRef<'div'>, 'children'> {
  /** The name of the bar. @default 'Fetching images ahead' */
  label?: ReactNode;
  /** @default English */
  texts?: Partial<PrefetchProgressTexts>;
  /** Shown instead of the progress of the nearest prefetch manager. */
  progress?: Progress;
}

const count = ({ completed, total }: Images): string => `${completed} of ${total} images`;

const ENGLISH: PrefetchProgressTexts = {
  running: count,
  paused: (images) => `Paused at ${count(images)}`,
  offline: (images) => `Waiting for the network at ${count(images)}`,
  waiting: (images, reason) => `Waiting at ${count(images)}${reason ? `: ${reason.detail}` : ''}`,
  done: ({ total, failed }) =>
    failed === 0 ? `All ${total} images fetched` : `${total - failed} of ${total} images fetched, ${failed} failed`,
  failing: () => 'An image could not be fetched',
};

/** These rules have no specificity, so any rule of the page for `.image-cache-progress` overrides them. */
const STYLE = `
:where(.image-cache-progress) { display: grid; gap: 0.25em; }
:where(.image-cache-progress [role='progressbar']) { position: relative; overflow: hidden; height: 0.5em; border-radius: 0.25em; }
:where(.image-cache-progress [role='progressbar'])::before { content: ''; position: absolute; inset: 0; background: currentcolor; opacity: 0.15; }
:where(.image-cache-progress-bar) { height: 100%; border-radius: inherit; background: currentcolor; transition: width 0.2s; }
:where(.image-cache-progress output) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:where(.image-cache-progress :not([aria-valuenow]) > .image-cache-progress-bar) { width: 30%; animation: image-cache-progress 1.5s infinite; }
@keyframes image-cache-progress { from { translate: -100%; } to { translate: 334%; } }
@media (prefers-reduced-motion: reduce) { :where(.image-cache-progress-bar) { transition: none; animation: none; } }
`;

/**
 * Shows the progress of prefetching in an accessible way: a bar with a name, numbers and a text. Screen readers are told politely of
 * the end, of the first failure, and of a wait for S3. It shows nothing if there is nothing to fetch. It looks plain; style it by
 * `.image-cache-progress`, `[role='progressbar']` and `.image-cache-progress-bar`.
 * @example <PrefetchProgress label="Photographs" />
 */
export const PrefetchProgress = forwardRef<HTMLDivElement, PrefetchProgressProps>(
  function PrefetchProgress(props, ref) {
    const { label = 'Fetching images ahead', texts, progress: given, className, ...attributes } = props;
    const labelId = useId();
    const { progress: own } = usePrefetch();
    const { state, reason, images, total } = given ?? own;
    const say = { ...ENGLISH, ...texts };
    const text = state === 'idle' ? say.done(images) : say[state](images, reason);
    const isNews = state === 'waiting' || (state === 'idle' && total > 0);
    const failure = images.failed > 0 ? say.failing(images) : '';
    // Actors are known before their images are counted.
    const isKnown = images.total > 0;

    return (
      <div {...attributes} ref={ref} className={['image-cache-progress', className].filter(Boolean).join(' ')}>
        {/* React 18 escapes text, and browsers do not unescape it in a <style>. React 19 puts it into the <head> once. */}
        <style href="image-cache-progress" precedence="default" dangerouslySetInnerHTML={{ __html: STYLE }} />
        {total > 0 && (
          <>
            <span id={labelId}>{label}</span>
            <div
              // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- `<progress>` looks different in each browser
              role="progressbar"
              aria-labelledby={labelId}
              aria-valuemin={0}
              {...(isKnown && {
                'aria-valuemax': images.total,
                'aria-valuenow': images.completed,
                'aria-valuetext': text,
              })}
            >
              <div
                className="image-cache-progress-bar"
                style={isKnown ? { width: `${(images.completed / images.total) * 100}%` } : undefined}
              />
            </div>
          </>
        )}
        {/* Always there: a region that comes with its text is not read out. */}
        <output>{isNews ? text : failure}</output>
      </div>
    );
  },
);
