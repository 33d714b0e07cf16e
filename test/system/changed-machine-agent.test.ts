import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { otherBuild } from '../support/other-build.js';
import { eventually } from '../support/processes.js';

let fleet: Fleet;
before(async () => {
  fleet = await Fleet.make();
  await fleet.up();
  const build = await otherBuild(fleet.dir, 'link', (machine) =>
    machine.replace(/\bauthenticating\b/g, 'greeting'),
  );
  const token = await fleet.joinToken('attic');
  await fleet.start(['agent', '--node', 'attic', '--to', '127.0.0.1:9', '--data', `${fleet.dir}/attic`], {
    env: { POSTERN_DIST: build, POSTERN_TOKEN: token, POSTERN_HUB: `http://${await fleet.hubAddress()}` },
  });
});
after(() => fleet?.stop());

test('an agent of another release is drawn by what its machines run by', async () => {
  await eventually('the link is told with its definition', async () => {
    const { stdout } = await fleet.postern(['inspect', 'link/attic', '--definition']);
    return stdout.includes('greeting') && !stdout.includes('authenticating');
  });
  await eventually('what it did is told by those names', async () => {
    const { stdout } = await fleet.postern(['inspect', 'link/attic']);
    return /dialing -> greeting/.test(stdout);
  });
});
