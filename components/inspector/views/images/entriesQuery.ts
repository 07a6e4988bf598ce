import type { EntryKind, EntryOrder } from '../../../../plugin/inspectorProtocol.ts';

/** What is chosen in the toolbar, as it is in the address of the page. */
export interface Chosen {
  readonly actor: string;
  readonly kind: EntryKind;
  readonly order: EntryOrder;
  readonly text: string;
  readonly look: 'grid' | 'list';
}

export const KINDS: Record<EntryKind, string> = {
  all: 'All',
  pinned: 'Pinned',
  stale: 'Stale',
  unclaimed: 'Unclaimed files',
  quarantined: 'Quarantined files',
};

export const ORDERS: Record<EntryOrder, string> = {
  used: 'Last used',
  stored: 'Stored',
  size: 'Size',
  name: 'Name',
};

/** Which ones are shown of too many: `the 10,000 used last`. */
export const SHOWN: Record<EntryOrder, string> = {
  used: 'used last',
  stored: 'stored last',
  size: 'largest',
  name: 'first by name',
};

/** The choice in an address; what it does not have, or has wrong, is as at first. */
export function chosenIn(query: Readonly<Record<string, string>>): Chosen {
  const { actor = '', kind, order, text = '', look } = query;
  return {
    actor,
    kind: isKeyOf(KINDS, kind) ? kind : 'all',
    order: isKeyOf(ORDERS, order) ? order : 'used',
    text,
    look: look === 'list' ? 'list' : 'grid',
  };
}

function isKeyOf<T extends object>(object: T, key: string | undefined): key is keyof T & string {
  return key !== undefined && Object.hasOwn(object, key);
}

/** As the server is asked. */
export function entriesQuery({ actor, kind, order, text }: Chosen): Record<string, string> {
  return { actor, kind, order, text };
}
