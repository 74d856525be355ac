import { join } from 'node:path';
import type { Setup } from '@mln/core';
import type { Options } from '../options.js';
import { shownOptions } from './shown-options.js';
import { rolesText } from './roles-text.js';
import { daemonUnit } from './unit.js';

const NAME = '@mln/plugin-daemon';
/** Who may use the unix socket. */
const GROUP = 'mln';

/** Adds what a service host needs to what `mln setup` makes; nothing where the machine is to be none. */
export function addServiceHost(setup: Setup, options: Options): void {
  if (setup.kind !== 'service-host') return;
  const { fleet = join(setup.places.configuration, 'fleet'), socketGroup = GROUP, guestUser = 'mln-guest' } = options;
  setup.configure(NAME, ...shownOptions({ socketGroup, guestUser }));
  setup.add(
    { kind: 'account', what: 'users of the socket', path: `group ${socketGroup}`, account: 'group', name: socketGroup },
    { kind: 'account', what: 'guests of others', path: `user ${guestUser}`, account: 'user', name: guestUser },
  );
  // Elsewhere they are the user's own affair.
  if (options.fleet === undefined)
    setup.add({ kind: 'folder', what: 'certificate of this server', path: fleet, mode: 0o700 });
  if (options.fleet === undefined && options.roles === undefined)
    setup.add({ kind: 'file', what: 'roles', path: join(fleet, 'roles.yaml'), text: rolesText, own: true });
  setup.addUnit('mln-daemon.service', daemonUnit(setup));
  setup.note(
    `this server needs a certificate: mln ca join, or mln ca init where the fleet has none yet; then: systemctl start mln-daemon.service`,
  );
  setup.note(`who is in the group ${socketGroup} may use this server's daemon: usermod -aG ${socketGroup} USER`);
}
