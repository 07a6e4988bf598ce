import { formatRoute } from '../route.ts';
import { Name } from './Name.tsx';

/** The name of an image, which leads to its details. */
export function ImageLink({ url }: { url: string }) {
  return (
    <a className="image-link" href={formatRoute('images', { image: url })}>
      <Name text={nameOfUrl(url)} />
    </a>
  );
}

/** The last part of an object's key. */
export function nameOfUrl(url: string): string {
  const last = url.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || url;
  } catch {
    return last;
  }
}
