import type { Commands, Mln } from '@mln/core';
import type { Options } from '../options.js';

const json = { flags: '--json', help: 'print one JSON document' };

/** `mln ca …`. */
export function addAuthorityVerbs(commands: Commands, mln: Mln, options: Options): void {
  const bound = { mln, options };
  commands.add({
    name: 'ca init',
    summary: 'Makes this machine the one that issues the certificates of a fleet of service hosts.',
    options: [{ flags: '--name <fleet>', help: 'the fleet’s name; mln where left out' }],
    manual: {
      description: [
        'Makes the authority of a fleet in the folder authority of the fleet folder, whose key never leaves this machine. Where this machine has a name (service_host) it gets its own certificate, too.',
      ],
      examples: [['mln ca init --name acme', 'Makes the authority of the fleet acme.']],
    },
    run: async ({ terminal }, _args, given) => (await import('./verb-issue.js')).init(bound, terminal, given),
  });
  commands.add({
    name: 'ca issue',
    summary: 'Lets a server or a user join the fleet: prints a token that is good once.',
    arguments: '<name>',
    options: [
      { flags: '--server', help: 'the certificate is that of a service host' },
      { flags: '--user', help: 'the certificate is that of a user; so it is where left out' },
      { flags: '--days <days>', help: 'how long the certificate is good; 365 where left out' },
      { flags: '--minutes <minutes>', help: 'how long the token is good; 15 where left out' },
      {
        flags: '--out <folder>',
        help: 'no token: write key and certificate into a folder, to be carried by hand',
        completes: 'folder',
      },
    ],
    manual: {
      description: [
        'The token is for mln ca join on the other machine. Whoever has it first is let in under that name; it lets in one.',
        'A folder that is written with --out can be the fleet folder of the other machine as it is.',
      ],
      examples: [
        ['mln ca issue backend3 --server', 'Prints a token for the server backend3.'],
        ['mln ca issue alice --out alice-fleet', 'Writes a certificate for the user alice, and its key.'],
      ],
    },
    run: async ({ terminal }, args, given) => (await import('./verb-issue.js')).issueFor(bound, terminal, args, given),
  });
  commands.add({
    name: 'ca join',
    summary: 'Joins a fleet of service hosts, with a token of mln ca issue.',
    arguments: '<address> <token>',
    options: [json],
    manual: {
      description: [
        'The address is that of the machine that issued the token, where mln daemon has to run. It is known by the token: nothing is sent to another. The key is made here, and stays here.',
      ],
      examples: [['mln ca join 10.0.0.1 server:backend3:…', 'Fetches the certificate of the server backend3.']],
    },
    run: async ({ terminal }, args, given) => (await import('./verb-issue.js')).join(bound, terminal, args, given),
  });
  commands.add({
    name: 'ca revoke',
    summary: 'Revokes the certificates of a server or a user, and tells all servers.',
    arguments: '<name>',
    options: [{ flags: '-y, --yes', help: 'ask nothing' }, json],
    manual: {
      description: [
        'All certificates of that name count no more, and its tokens neither. Servers that cannot be reached are named; they ask the others at their start, and now and then.',
        'Where a user and a server have one name, write user:NAME or server:NAME.',
      ],
      examples: [['mln ca revoke alice', 'Lets alice in no more.']],
    },
    run: async ({ terminal }, args, given) =>
      (await import('./verb-revoke.js')).revokeName(bound, terminal, args, given),
  });
  commands.add({
    name: 'ca list',
    summary: 'Lists the certificates that were issued.',
    options: [json],
    run: async ({ terminal }, _args, given) => (await import('./verb-revoke.js')).list(bound, terminal, given),
  });
}
