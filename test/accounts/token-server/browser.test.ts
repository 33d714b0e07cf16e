import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startBrowser, withoutBrowser } from '../../support/browser.js';
import { authorizeUrl, markOf, newVerifier, TokenStage } from './stage.js';

const skip = await withoutBrowser();

test('a browser may send the form from its own page, and not from a page of another place', {
  skip,
}, async () => {
  const stage = await TokenStage.open();
  const browser = await startBrowser();
  const { url } = await stage.start({ noClick: false });
  const asked = authorizeUrl(url, newVerifier().challenge);
  const mark = await markOf(asked);
  const trap = createServer((_, response) => {
    const action = asked.href.replaceAll('&', '&#38;');
    const form = `<form method="post" action="${action}"><input name="consent" value="${mark}"><input name="rpl_selected" value="1"><button>Win</button></form>`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(form);
  });
  try {
    await once(trap.listen(0, '127.0.0.1'), 'listening');
    const address = trap.address();
    assert.ok(typeof address === 'object' && address !== null);
    const answerAfterClick = async (
      place: string,
    ): Promise<{ status: number; leads: string | undefined }> => {
      const page = await browser.newPage();
      await page.goto(place);
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      // The app that the answer leads to is not here.
      await page.click('button', { noWaitAfter: true });
      const response = await answered;
      return { status: response.status(), leads: response.headers()['x-auth-redirect'] };
    };
    const own = await answerAfterClick(asked.href);
    assert.equal(own.status, 200);
    assert.match(own.leads ?? '', /[?&]code=/);
    const foreign = await answerAfterClick(`http://127.0.0.1:${address.port}/`);
    assert.deepEqual(foreign, { status: 403, leads: undefined });
  } finally {
    trap.close();
    await browser.close();
    await stage.close();
  }
});
