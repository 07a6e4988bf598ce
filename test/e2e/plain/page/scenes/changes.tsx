import { Activity, lazy, type ReactNode, StrictMode, Suspense, useState, useTransition, ViewTransition } from 'react';
import { RELOADED, type Scene, WAITED, WAITING, WAITING_ELSEWHERE } from '../scene.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const click = (): void => document.querySelector('button')?.click();

/** React shows no more often than every 300 ms what it had to wait for. */
async function untilThereIsOne(): Promise<void> {
  while (!document.querySelector('img')) await new Promise(requestAnimationFrame);
}

async function untilItIsThere(): Promise<void> {
  const isThere = (): boolean => (document.querySelector('img')?.naturalWidth ?? 0) > 0;
  while (!isThere()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame); // for its event
}

/** React waits a moment for images before it begins a view transition, and the names that it gives to elements stay until it has ended. */
async function swapInView(): Promise<void> {
  click();
  while (!document.querySelector('[data-swapped="true"]')) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  while (document.querySelector('[style*="view-transition-name"]')) await new Promise(requestAnimationFrame);
}

/** Firefox, of an image that comes with a view transition. It draws the text of an `<img>` that is loading, too: see `WAITING_ELSEWHERE`. */
const ASKED_TWICE = {
  why: 'Firefox sometimes asks twice for an image that comes with a view transition, whether it is an <img> or ours.',
  unsteady: ['requests'],
} as const;

const LazyBox = lazy(async () => ({ default: ({ children }: { children: ReactNode }) => <div>{children}</div> }));

/** Shows one thing, then in a transition another. */
function Swap({ from, to }: { from: ReactNode; to: ReactNode }): ReactNode {
  const [isOther, setIsOther] = useState(false);
  const [, startTransition] = useTransition();
  return (
    <>
      <button type="button" data-swapped={isOther} onClick={() => startTransition(() => setIsOther(true))}>
        Swap
      </button>
      {isOther ? to : from}
    </>
  );
}

/** What React does to an image. */
export const CHANGES: Scene[] = [
  {
    name: 'in StrictMode',
    layout: (Img) => (
      <StrictMode>
        <Img width={120} />
      </StrictMode>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'below a lazy component in Suspense',
    layout: (Img) => (
      <Suspense fallback={<p>Loading</p>}>
        <LazyBox>
          <Img width={120} />
        </LazyBox>
      </Suspense>
    ),
    steps: [{ name: 'pending', run: untilThereIsOne }, 'loaded'],
  },
  {
    name: 'mounted in a transition',
    images: 2,
    layout: (Img) => <Swap from={<Img key={0} n={0} width={120} />} to={<Img key={1} n={1} width={120} />} />,
    steps: ['pending', { name: 'first', release: [0] }, { name: 'swapped', run: click }, 'loaded'],
  },
  {
    name: 'another object in a transition',
    images: 2,
    layout: (Img) => (
      <Swap
        from={<Img label="it" n={0} width={120} keepPrevious />}
        to={<Img label="it" n={1} width={120} keepPrevious />}
      />
    ),
    steps: ['pending', { name: 'first', release: [0] }, { name: 'swapped', run: click }, 'loaded'],
  },
  {
    name: 'a cold one that comes with a <ViewTransition>',
    layout: (Img) => (
      <Swap
        from={<p>Nothing yet</p>}
        to={
          <ViewTransition>
            <Img width={120} />
          </ViewTransition>
        }
      />
    ),
    steps: ['pending', { name: 'swapped', run: swapInView }, 'loaded'],
    except: { firefox: ASKED_TWICE },
  },
  {
    name: 'five cold ones that come with a <ViewTransition>',
    images: 5,
    layout: (Img) => (
      <Swap
        from={<p>Nothing yet</p>}
        to={
          <ViewTransition>
            <div>
              {numbers(5).map((n) => (
                <Img key={n} n={n} width={60} height={40} />
              ))}
            </div>
          </ViewTransition>
        }
      />
    ),
    steps: ['pending', { name: 'swapped', run: swapInView }, 'loaded'],
    differs: { ...WAITED, swapped: ['complete', 'alt'] },
    except: {
      firefox: { ...ASKED_TWICE, differs: { swapped: ['pixels'] } },
      webkit: { ...WAITING_ELSEWHERE.webkit, differs: { swapped: ['pixels'] } },
    },
  },
  {
    name: 'one that takes the place of another in a <ViewTransition>',
    images: 2,
    layout: (Img) => (
      <Swap
        from={
          <ViewTransition>
            <Img label="it" n={0} width={120} keepPrevious />
          </ViewTransition>
        }
        to={
          <ViewTransition>
            <Img label="it" n={1} width={120} keepPrevious />
          </ViewTransition>
        }
      />
    ),
    steps: ['pending', { name: 'first', release: [0] }, { name: 'swapped', run: swapInView }, 'loaded'],
  },
  {
    name: 'hidden by <Activity>, then visible',
    layout: (Img, { step }) => (
      <Activity mode={step === 'visible' ? 'visible' : 'hidden'}>
        <Img width={120} />
      </Activity>
    ),
    // React renders hidden elements when it has the time, and runs no effects of them until they are visible.
    steps: [{ name: 'loaded', run: untilItIsThere }, 'visible'],
  },
  {
    name: 'visible, hidden and visible again by <Activity>',
    layout: (Img, { step }) => (
      <Activity mode={step === 'hidden' ? 'hidden' : 'visible'}>
        <Img width={120} />
      </Activity>
    ),
    steps: ['loaded', 'hidden', 'visible'],
  },
  {
    name: 'a list in another order',
    images: 3,
    layout: (Img, { step }) =>
      (step === 'turned' ? [2, 0, 1] : [0, 1, 2]).map((n) => <Img key={n} n={n} width={90} height={60} />),
    steps: ['loaded', 'turned'],
  },
  {
    name: 'one more at the beginning of a list',
    images: 3,
    layout: (Img, { step }) =>
      (step === 'longer' ? [2, 0, 1] : [0, 1]).map((n) => <Img key={n} n={n} width={90} height={60} />),
    steps: ['loaded', 'longer'],
  },
  {
    name: 'another object of the same size',
    images: 2,
    layout: (Img, { step }) => <Img label="it" n={step === 'other' ? 1 : 0} width={120} />,
    steps: ['loaded', 'other'],
    // An <img> keeps the old picture until the new one has come; ours does so with `keepPrevious`.
    differs: { other: ['frames'] },
  },
  {
    name: 'another object, with keepPrevious',
    images: 2,
    layout: (Img, { step }) => <Img label="it" n={step === 'other' ? 1 : 0} width={120} keepPrevious />,
    steps: ['loaded', 'other'],
  },
  {
    name: 'another object of another size, and back',
    images: [{}, { width: 100, height: 200 }],
    layout: (Img, { step }) => <Img label="it" n={step === 'other' ? 1 : 0} keepPrevious />,
    steps: ['loaded', 'other', 'back'],
  },
  {
    name: 'no URL, and back',
    layout: (Img, { step }) => <Img label="it" n={step === 'none' ? null : 0} width={120} />,
    steps: ['loaded', 'none', 'back'],
  },
  {
    name: 'no URL at first',
    layout: (Img, { step }) => <Img label="it" n={step === 'pending' ? null : 0} width={120} />,
    steps: ['pending', 'loaded'],
  },
  {
    name: 'an empty URL, and a real one later',
    layout: (Img, { step }) =>
      step === 'empty' ? <Img label="it" src="" width={120} /> : <Img label="it" width={120} />,
    steps: ['empty', 'loaded'],
  },
  {
    name: 'a data: URL',
    layout: (Img, { drawing }) => <Img src={drawing} />,
    steps: ['loaded'],
  },
  {
    name: 'B16: a newer signature of the same object',
    layout: (Img, { step }) => <Img width={120} isSignedAnew={step === 'signed anew'} />,
    steps: ['loaded', 'signed anew'],
  },
  {
    name: 'B16: a newer signature while it is on its way',
    layout: (Img, { step }) => <Img width={120} isSignedAnew={step !== 'pending'} />,
    steps: ['pending', 'signed anew', 'loaded'],
  },
  {
    name: 'B16: newer signatures of Azure and of OSS',
    images: [{ signedBy: 'azure' }, { signedBy: 'oss' }],
    layout: (Img, { step }) =>
      numbers(2).map((n) => <Img key={n} n={n} width={120} isSignedAnew={step === 'signed anew'} />),
    steps: ['pending', 'loaded', 'signed anew'],
  },
  {
    name: 'attributes that change',
    layout: (Img, { step }) =>
      step === 'changed' ? (
        <Img alt="Another text" title="A title" className="b" width={80} style={{ opacity: 0.5 }} />
      ) : (
        <Img alt="A text" className="a" width={120} />
      ),
    steps: ['pending', 'loaded', 'changed'],
  },
  {
    name: 'attributes that change while it waits',
    images: 4,
    css: 'img { width: 90px; height: 60px }',
    layout: (Img, { step }) =>
      numbers(4).map((n) => <Img key={n} n={n} alt={step === 'pending' ? 'First' : 'Second'} title={step} />),
    steps: ['pending', 'changed', 'loaded'],
    differs: { ...WAITING, changed: ['complete', 'alt'] },
    except: {
      firefox: { ...WAITING_ELSEWHERE.firefox, differs: { pending: ['pixels'], changed: ['pixels'] } },
      webkit: { ...WAITING_ELSEWHERE.webkit, differs: { pending: ['pixels'], changed: ['pixels'] } },
    },
  },
  {
    name: 'moved to another parent',
    layout: (Img, { step }) =>
      step === 'moved' ? (
        <section>
          <Img width={120} />
        </section>
      ) : (
        <div>
          <Img width={120} />
        </div>
      ),
    steps: ['loaded', 'moved'],
  },
];
