import { type Ref, useEffect, useId, useRef, useState } from 'react';
import type { ActorsAnswer, EntryKind, EntryOrder } from '../../../../plugin/inspectorProtocol.ts';
import { plural } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { Icon } from '../../parts/Icon.tsx';
import { useAnswer } from '../../server/useAnswer.ts';
import { changeQuery } from '../../useRoute.ts';
import { useKey } from '../../useKey.ts';
import { type Chosen, KINDS, ORDERS } from './entriesQuery.ts';

const TYPING_MS = 250;

/** What of the images is shown, and how. */
export function Toolbar({ chosen }: { chosen: Chosen }) {
  const search = useRef<HTMLInputElement>(null);
  useKey('/', (event) => {
    event.preventDefault();
    search.current?.select();
    search.current?.focus();
  });
  return (
    <search className="toolbar">
      <div className="search">
        <Icon name="search" />
        <TypedInput
          ref={search}
          label="Filter by name, URL or actor"
          value={chosen.text}
          placeholder="Filter"
          onTyped={(text) => changeQuery({ text })}
        />
      </div>
      <ActorInput actor={chosen.actor} />
      <label>
        <span className="unseen">Kind</span>
        <select
          className="select"
          value={chosen.kind}
          onChange={(event) => changeQuery({ kind: event.target.value === 'all' ? '' : event.target.value })}
        >
          {(Object.keys(KINDS) as EntryKind[]).map((kind) => (
            <option key={kind} value={kind}>
              {KINDS[kind]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="unseen">Order</span>
        <select
          className="select"
          value={chosen.order}
          onChange={(event) => changeQuery({ order: event.target.value === 'used' ? '' : event.target.value })}
        >
          {(Object.keys(ORDERS) as EntryOrder[]).map((order) => (
            <option key={order} value={order}>
              {ORDERS[order]}
            </option>
          ))}
        </select>
      </label>
      <fieldset className="segments" aria-label="Look">
        {(['grid', 'list'] as const).map((look) => (
          <button
            key={look}
            type="button"
            aria-pressed={chosen.look === look}
            aria-label={look === 'grid' ? 'Grid' : 'List'}
            title={look === 'grid' ? 'Grid' : 'List'}
            onClick={() => changeQuery({ look: look === 'grid' ? '' : look })}
          >
            <Icon name={look} />
          </button>
        ))}
      </fieldset>
    </search>
  );
}

interface TypedInputProps {
  ref?: Ref<HTMLInputElement>;
  label: string;
  value: string;
  placeholder: string;
  list?: string;
  onTyped(text: string): void;
}

/** A field whose text counts once nothing was typed for a moment. */
function TypedInput({ ref, label, value, placeholder, list, onTyped }: TypedInputProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      ref={ref}
      type="search"
      aria-label={label}
      value={text}
      placeholder={placeholder}
      list={list}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => {
        const next = event.target.value;
        setText(next);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => onTyped(next.trim()), TYPING_MS);
      }}
    />
  );
}

/** The actors with the most images are proposed; any other can be typed. */
function ActorInput({ actor }: { actor: string }) {
  const id = useId();
  const { answer } = useAnswer<ActorsAnswer>('actors', (server, signal) => server.get('actors', {}, signal));
  return (
    <div className="search actor-field">
      <TypedInput
        label="Actor"
        value={actor}
        placeholder="All actors"
        list={id}
        onTyped={(text) => changeQuery({ actor: text })}
      />
      <datalist id={id}>
        {answer?.actors.map(({ actor_id, entries }) => (
          <option key={actor_id} value={actor_id}>
            {`${printable(actor_id, 60)}: ${plural(entries, 'image')}`}
          </option>
        ))}
      </datalist>
    </div>
  );
}
