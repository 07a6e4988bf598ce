import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute } from '../../../components/inspector/route.ts';
import { chosenIn } from '../../../components/inspector/views/images/entriesQuery.ts';

describe('addresses of the page', () => {
  it('lead to a view with what is chosen in it, and back', () => {
    const address = formatRoute('images', { image: 'https://b/a b?x=1&y#z', actor: '', text: 'ä' });
    expect(parseRoute(address)).toEqual({ view: 'images', query: { image: 'https://b/a b?x=1&y#z', text: 'ä' } });
  });

  it.each(['', '#', '#/', '#/nothing', '#/__proto__', '#images'])('without a view lead to the images: %j', (hash) => {
    expect(parseRoute(hash).view).toBe('images');
  });

  it('with choices that there are not, are as without', () => {
    const chosen = chosenIn({ kind: 'toString', order: '__proto__', look: 'x' });
    expect(chosen).toEqual({ actor: '', kind: 'all', order: 'used', text: '', look: 'grid' });
  });
});
