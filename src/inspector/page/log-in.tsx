import { useState } from 'preact/hooks';
import { logIn } from './session.js';

/** Asks for a token. */
export function LogIn() {
  const [token, setToken] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    logIn(token.trim());
  };
  return (
    <form onSubmit={submit}>
      <label>
        Token{' '}
        <input
          type="password"
          autocomplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Log in</button>
    </form>
  );
}
