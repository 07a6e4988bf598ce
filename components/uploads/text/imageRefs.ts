/** What ends a URL in Markdown, HTML, CSS or JSON: also the quotation marks and full stops of any language. */
const END = '\\s"\'`<>()[\\]{}|\\\\«»\\u2018-\\u201f\\u3001-\\u3017\\uff01-\\uff0c\\uff1a-\\uff1f';

/** A run of characters that may be a URL. */
const WORD = new RegExp(`[^${END}]+`, 'g');

const NAME = '(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.[a-z0-9]{2,5}';

/**
 * A word that is a picture's reference or URL and nothing else: an attribute's name (`src=`) or a mark of some markup (`:`, `!`, `image::`)
 * before it, then an origin and a path, its folder and its name, then a query, a fragment, or the end of a sentence. A folder begins
 * with a slash and has no other, so there is one way to read a path, and no word takes long.
 */
const PICTURE = new RegExp(
  `^((?:[\\w-]+(?:=|::)|[:!])?)(?:(?:[a-z][a-z0-9+.-]*:)?//[^/?#]+)?(?:/[\\w.~%@:+-]+)*?/(i|[0-9a-f]{2})/(${NAME})((?:[?#].*|[.,;:!]*))$`,
  'i',
);

/**
 * Puts something else in the place of each picture in a text.
 * @param change what to put in the place of a name such as `9f3c….jpg`; `undefined` leaves it as it is. `isLocal`: it is a reference
 */
export function changeRefs(text: string, change: (name: string, isLocal: boolean) => string | undefined): string {
  return text.replace(WORD, (word) => {
    if (!word.includes('/')) return word;
    const [, before = '', folder = '', name = '', after = ''] = PICTURE.exec(word) ?? [];
    const isLocal = folder.toLowerCase() === 'i';
    // As an object's key has it: `9f/9f3c….jpg`.
    if (name === '' || !(isLocal || name.startsWith(folder))) return word;
    const changed = change(name.toLowerCase(), isLocal);
    return changed === undefined ? word : `${before}${changed}${after}`;
  });
}

/** A URL as it can stand in a text: what would end it there is percent-encoded. */
export function urlInText(url: string): string {
  return url.replace(new RegExp(`[${END}]`, 'g'), (sign) =>
    // It leaves these alone.
    encodeURIComponent(sign).replace(/^['()]$/, `%${sign.charCodeAt(0).toString(16)}`),
  );
}

/**
 * The references of the pictures in a text, as `upload.ref` has them (`/api/cache/i/<id>.<ext>`), each once and in their order. Those that
 * stand behind another base or origin count, too, since a reference is a name, and so do the URLs of objects (`…/9f/9f3c….jpg`) that have
 * taken their place. Parts of longer URLs do not. Whether it stands in a code block makes no difference.
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
 * Whether a text has a reference that was not replaced by the URL of an object.
 * @example
 * if (hasLocalRefs(note.text)) showHint('Some pictures are still on their way.');
 */
export function hasLocalRefs(text: string): boolean {
  let has = false;
  changeRefs(text, (_, isLocal) => {
    has ||= isLocal;
    return undefined;
  });
  return has;
}
