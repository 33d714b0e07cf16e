import { ConnectionState } from './connection-state.js';
import { helpShown } from './keys.js';
import { navigation } from './navigation.js';
import { logOut } from './session.js';
import { paused, type Theme, theme, type Zone, zone } from './settings.js';
import { openedFile } from './views/runs/file/opened.js';

/** The head of the page: where to go, how the hub is heard, and how things are shown. */
export function Header({ view }: { view: string }) {
  return (
    <header class="top">
      <a class="brand" href="/inspect/fleet">
        Postern
      </a>
      <nav aria-label="Views">
        {navigation
          .filter(({ inFile }) => inFile || openedFile.value === undefined)
          .map(({ view: name, title }) => (
            <a key={name} href={`/inspect/${name}`} aria-current={name === view ? 'page' : undefined}>
              {title}
            </a>
          ))}
      </nav>
      {openedFile.value === undefined && <ConnectionState />}
      <button
        type="button"
        aria-pressed={paused.value}
        title={paused.value ? 'Show again what happens (p)' : 'Leave what is shown as it is (p)'}
        onClick={() => {
          paused.value = !paused.value;
        }}
      >
        {paused.value ? 'Resume' : 'Pause'}
      </button>
      <Choice<Zone>
        label="Time zone"
        value={zone.value}
        options={[
          ['local', 'Local time'],
          ['utc', 'UTC'],
        ]}
        choose={(value) => {
          zone.value = value;
        }}
      />
      <Choice<Theme>
        label="Theme"
        value={theme.value}
        options={[
          ['system', 'System theme'],
          ['light', 'Light'],
          ['dark', 'Dark'],
        ]}
        choose={(value) => {
          theme.value = value;
        }}
      />
      <button
        type="button"
        aria-label="Keys"
        title="Keys (?)"
        onClick={() => {
          helpShown.value = true;
        }}
      >
        ?
      </button>
      {openedFile.value === undefined && (
        <button type="button" onClick={() => logOut()}>
          Log out
        </button>
      )}
    </header>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly choose: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, choose }: ChoiceProps<T>) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => {
        const chosen = options.find(([one]) => one === event.currentTarget.value);
        if (chosen !== undefined) choose(chosen[0]);
      }}
    >
      {options.map(([one, text]) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  );
}
