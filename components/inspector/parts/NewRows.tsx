import { plural } from '../format/amounts.ts';

/** Says that there is something newer than what is shown. Nothing moves until somebody wants to see it. */
export function NewRows({ count, word, onShow }: { count: number; word: string; onShow: () => void }) {
  return (
    <button type="button" className="new-rows" onClick={onShow}>
      {word === 'new' ? `${count} new` : plural(count, word)} · <span>Show</span>
    </button>
  );
}
