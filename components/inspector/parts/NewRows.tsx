/** Says that there is something newer than what is shown, e.g. `3 new`. Nothing moves until somebody wants to see it. */
export function NewRows({ text, onShow }: { text: string; onShow: () => void }) {
  return (
    <button type="button" className="new-rows" onClick={onShow}>
      {text} · <span>Show</span>
    </button>
  );
}
