import { useEffect, useRef, useState } from 'preact/hooks';
import { logIn, logInProblem, tryingToken } from './session.js';
import { OpenFile } from './views/runs/file/open-file.js';

/** Asks for a token. */
export function LogIn() {
  const [token, setToken] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const problem = logInProblem.value;
  const trying = tryingToken.value;
  return (
    <main class="log-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void logIn(token.trim());
        }}
      >
        <h1>Postern</h1>
        <label for="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          aria-invalid={problem !== ''}
          aria-describedby="problem"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={trying}>
          {trying ? 'Asking the hub…' : 'Log in'}
        </button>
        <p id="problem" role="alert">
          {problem}
        </p>
        <p class="soft">
          On the hub's machine, <code>postern inspect</code> opens this page with a token. For somebody else,{' '}
          <code>postern token create --caller NAME --role trace</code> makes one.
        </p>
        <p class="soft">
          The file of a run needs none: <OpenFile />
        </p>
      </form>
    </main>
  );
}
