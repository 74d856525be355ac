import type { Commands, Mln } from '@mln/core';
import type { Options } from '../options.js';

const json = { flags: '--json', help: 'print one JSON document' };
const server = { flags: '--server <name>', help: 'those of another server; this machine’s own where left out' };

/** `mln daemon`, and verbs for the operations of daemons. Each is loaded when it is run. */
export function addDaemonVerbs(commands: Commands, mln: Mln, options: Options): void {
  commands.add({
    name: 'daemon',
    summary: 'Answers for this server: carries out what others ask of it, until it is told to end.',
    manual: {
      description: [
        'It stays in the foreground and logs to stderr, a line of JSON for each request. `SIGHUP` has it read its configuration, certificates and roles anew. `SIGTERM` ends it: nothing new is accepted, and operations that run go on by themselves.',
      ],
      examples: [['mln daemon', 'Listens on the addresses of the option `listen`, and on the unix socket.']],
    },
    run: async ({ version }) => (await import('./run.js')).runDaemon(mln, options, version),
  });
  commands.add({
    name: 'daemon-worker',
    hidden: true,
    summary: 'Carries out one operation for the daemon.',
    arguments: '<folder> [task]',
    run: async (context, args) => (await import('../operations/worker.js')).runWorker(context, args),
  });
  commands.add({
    name: 'daemon-image',
    hidden: true,
    summary: 'Sends the disk of a host for the daemon.',
    arguments: '<project> <host> [ahead]',
    run: async (context, args) => (await import('../images/serve.js')).runImage(context, args),
  });
  commands.add({
    name: 'operations list',
    summary: 'Lists the operations of a server that you may see, the newest first.',
    options: [json, server, { flags: '-r, --running', help: 'only those that have not ended' }],
    run: async (context, _args, given) => (await import('../operations/verb.js')).list(context, options, given),
  });
  commands.add({
    name: 'operations show',
    summary: 'Shows one operation.',
    arguments: '<id>',
    options: [json, server],
    run: async (context, args, given) => (await import('../operations/verb.js')).show(context, options, args, given),
  });
  commands.add({
    name: 'operations cancel',
    summary: 'Ends an operation at the next safe point: a build is undone, a start or stop stays as far as it came.',
    arguments: '<id>',
    options: [server],
    run: async (context, args, given) => (await import('../operations/verb.js')).cancel(context, options, args, given),
  });
}
