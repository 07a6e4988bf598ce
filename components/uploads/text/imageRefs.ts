/** A run of characters that may be a URL, in Markdown, HTML, CSS or JSON. */
const WORD = /[^\s"'`<>()[\]{}|\\]+/g;

const NAME = '(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.[a-z0-9]{1,5}';

/**
 * A word that is a reference and nothing else: an attribute's name (`src=`) or a colon before it, then an origin and a path, `/i/` and the
 * picture's name, then a query, a fragment, or the end of a sentence. A folder begins with a slash and has no other, so there is one way to
 * read a path, and no word takes long.
 */
const REFERENCE = new RegExp(
  `^((?:[\\w-]+=|:)?)(?:(?:[a-z][a-z0-9+.-]*:)?//[^/?#]+)?(?:/[\\w.~%@:+-]+)*?/i/(${NAME})((?:[?#].*|[.,;:!]*))$`,
  'i',
);

/**
 * Puts something else in the place of each reference in a text.
 * @param change what to put in the place of a name such as `9f3c….jpg`; `undefined` leaves the reference as it is
 */
export function changeRefs(text: string, change: (name: string) => string | undefined): string {
  return text.replace(WORD, (word) => {
    if (!word.includes('/i/')) return word;
    const [, before = '', name = '', after = ''] = REFERENCE.exec(word) ?? [];
    const changed = name === '' ? undefined : change(name.toLowerCase());
    return changed === undefined ? word : `${before}${changed}${after}`;
  });
}

/**
 * The references of pictures in a text, as `upload.ref` has them (`/api/cache/i/<id>.<ext>`), each once and in their order. Those that stand
 * behind another base or origin count, too, since a reference is a name: `https://app.example/api/cache/i/<id>.<ext>`. Parts of longer
 * URLs do not. Whether it stands in a code block makes no difference.
 * @example
 * for (const imageRef of imageRefsIn(note.text)) console.log(imageRef);
 */
export function imageRefsIn(text: string): string[] {
  const refs = new Set<string>();
  changeRefs(text, (name) => {
    refs.add(`/api/cache/i/${name}`);
    return undefined;
  });
  return [...refs];
}

/**
 * Whether a text has a reference of a picture, which is local as long as it was not replaced by a URL of the bucket.
 * @example
 * if (hasLocalRefs(note.text)) showHint('Some pictures are still on their way.');
 */
export function hasLocalRefs(text: string): boolean {
  return imageRefsIn(text).length > 0;
}
