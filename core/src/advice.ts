import type { CoreCode } from './codes.js';

/** What to do about an error, for `mln explain` and docs/errors.md; some errors say all there is to say. */
export const advice: Readonly<Partial<Record<CoreCode, string>>> = {
  MLN_OPEN_BLOCK:
    'Every { that opens a block needs its }. Wrong: `host a { memory 64M` at the end of a file. A { opens a block where a blank stands before it.',
  MLN_STRAY_BRACE: 'Mostly a block was closed one line too early; the hint names the block that was closed last.',
  MLN_OPEN_TEXT:
    '`keyword <<END` takes all lines up to one that is END alone; a heredoc in a text does so too. Write the word alone on its line.',
  MLN_OPEN_QUOTE:
    'A quote is closed on the line that it is opened on. Write `"a b"`, or `\\"` for a quote that is meant.',
  MLN_TOO_DEEP:
    'No project needs so many blocks inside each other; most likely a } is missing, again and again, in a generated file.',
  MLN_TOO_LARGE:
    'Variables that are made of two others each double with every line, and so do files that include each other twice: a few lines of them fill any memory. One value has at most 1 MiB, all included files 16 MiB and 10,000 #include, all autoenum blocks together 65,536 hosts.',
  MLN_BAD_FILE: 'A project file is UTF-8 text of at most 4 MiB. Disks belong into the repository of templates.',
  MLN_NO_FILE:
    'Paths of #include are relative to the file that holds it; other paths are looked for beside the project file.',
  MLN_BAD_INCLUDE: 'Write `#include PATH`, with quotes round a path that holds blanks. Variables cannot stand in it.',
  MLN_INCLUDE_CYCLE: 'The hint shows the chain of files. Take one #include out of it.',
  MLN_NBSP: 'Text that is copied from a web page or a word processor has such blanks. Replace them, or quote the word.',
  MLN_NO_PROJECT_NAME: 'Every project has a name: `global { project ring }`.',
  MLN_BAD_NAME:
    'A name begins with a letter and holds letters, digits, _, . and -, at most 63; a project’s holds no dot, an interface’s at most 15 characters.',
  MLN_TWICE:
    'Two hosts, switches or superclasses of one name are an error. A value that one block gives twice is a warning: the last counts.',
  MLN_UNKNOWN_KEYWORD:
    'Most likely it is misspelt, or its plug-in is not loaded (mln version lists those that are). build refuses it unless --allow-unknown is given.',
  MLN_BAD_VALUE: 'mln explain KEYWORD tells what a keyword takes.',
  MLN_BAD_ADDRESS:
    'Addresses are written in full, without leading zeros: `address 10.0.0.1/24`. A host cannot have the network’s own address or the broadcast address; a gateway lies in the network of the interface.',
  MLN_ADDRESS_TWICE: 'On one switch or bridge this is an error, elsewhere in the project a warning.',
  MLN_NO_PREFIX:
    'Write `address 10.0.0.1/24`, or give a netmask. The prefix of the others on the switch is taken where they agree.',
  MLN_NO_NETWORK: 'Name a switch or a bridge in the network block.',
  MLN_NO_SWITCH: 'Every switch that an interface names is declared: `switch lan { }`.',
  MLN_NO_SUPERCLASS: 'Declare it with `superclass NAME { … }`, or correct the name.',
  MLN_SUPERCLASS_CYCLE: 'The hint shows the circle. Take one `superclass` out of it.',
  MLN_NO_VARIABLE:
    'Set it in global, in a superclass or in the host: `$name = value`. Write `\\$` for a dollar that is meant.',
  MLN_VARIABLE_CYCLE: 'A variable’s value cannot use the variable itself, not through others either.',
  MLN_SHADOWED:
    'mln replaces its own variables in a text before any shell sees it. Give the shell’s variable another name, or write ${name}, which is never mln’s.',
  MLN_TWO_CLAIMS:
    'A host names two platforms, or the hosts of one switch run on two. Take one away, with `xen no` for example.',
  MLN_NO_CLAIM: 'Load a hypervisor’s plug-in, or let one run what names none (the option default of @mln/plugin-uml).',
  MLN_UNSUPPORTED: 'The message names what the platform cannot do, the hint what to write instead.',
  MLN_OLD_PASSWORD:
    '13 characters are taken for a DES hash, as the paper has it. Write `plain:` before a password that only looks like one.',
  MLN_REHEARSED: 'A test bed on one machine does without it: disks and kernels of the real machines are never touched.',
  MLN_SMALL_SIZE: 'A filesystem is never made smaller than its template. Leave size out, or give free_space.',
  MLN_NO_TEMPLATE:
    'mln template list shows what there is; mln template build tiny makes one on the spot. A rehearsal needs none of the project’s own: --rehearse --template tiny.',
  MLN_TEMPLATE_CHANGED:
    'Somebody wrote into the image. Take the right one into the repository again: mln template add.',
  MLN_TEMPLATE_EXISTS: 'Versions are never overwritten. Leave --version out for the next one.',
  MLN_TEMPLATE_IN_USE:
    'Copy-on-write disks hold only what differs from their template. mln disk flatten HOST makes one whole; or remove the projects that the message names.',
  MLN_WRONG_DIGEST:
    'The file was changed, or the digest belongs to another. Compare it with that of whoever publishes the file; sha256sum FILE prints one.',
  MLN_BAD_SIGNATURE:
    'Get the key from whoever publishes the images, by a way that you trust; or compare the digest yourself and give it: --sha256.',
  MLN_DOWNLOAD_FAILED:
    'What has come stays: the same command goes on there. HTTPS_PROXY names a proxy, NODE_EXTRA_CA_CERTS a file of further certificates to trust. Only https is downloaded.',
  MLN_IMAGE_IN_USE:
    'An image that two write to is destroyed. Stop the host or unmount the image that the message names, or give each host an image of its own: take one as its template.',
  MLN_NO_FILESYSTEM: '@mln/plugin-ext reads ext2, ext3 and ext4, without a partition table.',
  MLN_NO_SPACE: 'Nothing was changed. Free some space, or keep projects elsewhere (-P FOLDER).',
  MLN_NO_GROUP:
    'vgs and lvs show what there is; lvm_vg or the plug-in’s options volumeGroup and thinPool name another.',
  MLN_NOT_OURS:
    'Nothing was changed. Volumes of mln’s have two tags, one with a digest of their project’s own secret: see lvs -o+lv_tags. Another projects folder (-P) may have a project of this name.',
  MLN_NO_PROGRAM: 'The hint names the package that has it.',
  MLN_NO_HYPERVISOR: 'mln doctor tells what the machine has. To try the project without it: mln build --rehearse.',
  MLN_NO_BRIDGE:
    'Make it as the machine’s own network is set up, or correct its name; a switch of the project is made by mln itself.',
  MLN_NO_MEMORY: 'Stop other hosts, give these less (memory), or start fewer of them: -h HOSTS.',
  MLN_NOT_UP: 'mln log HOST shows what the guest wrote on its console.',
  MLN_PROJECT_EXISTS: 'build -r replaces it, disks included.',
  MLN_PROJECT_RUNS: 'mln stop -p NAME stops it.',
  MLN_MEMORY_SAVED:
    'Saved memory knows what was on the disks: with other disks the guest would destroy them. Start the host, which goes on with it, and stop it; or remove the file that the hint names.',
  MLN_NOT_CONFIRMED: '-y confirms; without a terminal nobody can be asked.',
  MLN_DATA_LOSS:
    'mln plan shows it. Where it is meant, name the host: --rebuild HOST, --shrink HOST. The old disk of a host that is rebuilt is kept aside until mln forget.',
  MLN_STATE_CHANGED: 'Nothing was changed. Make the plan again, mln plan --out FILE, and look at it.',
  MLN_BAD_PLAN: 'mln plan --out FILE writes one; it is for the machine and the mln that it was made by.',
  MLN_IN_DOUBT:
    'Nothing is done with the host until the other server answers; mln clean -p PROJECT then puts it right.',
  MLN_NO_VERSION: 'mln history -p PROJECT lists those that are kept.',
  MLN_BAD_ARCHIVE:
    'Archives are written by mln export. One that was damaged on its way is copied again; tar --zstd -tf FILE shows what is in it.',
  MLN_LOCKED: 'It goes on when the other one has ended; a dead one blocks nobody.',
  MLN_NO_SERVER:
    'mln daemon-status tells which servers answer. Their addresses stand in the configuration, in the option servers of @mln/plugin-daemon. A test bed of the project on this machine alone: --rehearse.',
  MLN_WRONG_PROTOCOL: 'The message names both versions: install the newer mln on the older machine.',
  MLN_NO_CERTIFICATE:
    'mln ca issue, on the machine that has the authority, prints a token; mln ca join ADDRESS TOKEN, here, fetches a certificate with it.',
  MLN_BAD_CERTIFICATE: 'mln ca list, on the machine that has the authority, tells which certificates count.',
  MLN_BAD_REQUEST: 'Nothing was changed. Two mln of different versions may not understand each other: mln version.',
  MLN_NO_BLOB: 'Give the command again: what was sent is kept, and not sent twice.',
  MLN_NO_OPERATION: 'mln operations lists those that are known.',
  MLN_DAEMON: 'mln doctor daemon tells what is wrong; the daemon’s own log tells more: journalctl -u mln-daemon.',
  MLN_USAGE: 'mln VERB --help tells what it takes.',
  MLN_BAD_CONFIGURATION: 'mln config --show-origin tells which file says what.',
  MLN_PLUGIN_NOT_FOUND:
    'Install it beside the configuration: npm install NAME. Names are looked for from the folder of the configuration that lists them, then where mln itself is installed; files are relative to the configuration.',
  MLN_PLUGIN_API:
    'Install a version of the plug-in that was made for this plug-in API (mln version tells which it is). The plug-in’s package.json says mln.api, a file says it in its manifest.',
  MLN_PLUGIN_MANIFEST:
    'A package has `"mln": { "api": "^1.0.0" }` in its package.json, a file begins with `export const manifest = { name: \'motd\', version: \'1.0.0\', api: \'^1.0.0\' };`. It is read without running the file: only strings, numbers, yes and no, lists and objects can stand in it. `options` is a JSON Schema.',
  MLN_PLUGIN_OPTIONS: 'The plug-in’s README tells its options, mln plugin list which plug-ins there are.',
  MLN_PLUGIN_UNTRUSTED:
    'A plug-in is code that is run as you. Root runs what belongs to root and what nobody else can write, its folders included; a configuration that lies in the working folder can list for root only what mln itself brings. Name it with --config, or keep it in /etc/mln.',
  MLN_PLUGIN_IMPORT:
    'Something that the plug-in imports is not installed: npm install in its folder. Or it is not right in itself: the message names the line; MLN_DEBUG=1 shows all of it.',
  MLN_PLUGIN_NO_DEFAULT: 'A plug-in is a function: `export default function (mln, options) { … }`.',
  MLN_PLUGIN_SETUP: 'MLN_DEBUG=1 shows where it comes from. Tell whoever makes the plug-in.',
  MLN_PLUGIN_TWICE: 'Take one of them out of the list: mln config --show-origin tells where it is.',
  MLN_PLUGIN_CLASH: 'The message names both. Take one of them out of the list of plug-ins.',
  MLN_FAULT: 'Tell whoever makes mln what was typed and what was printed.',
  MLN_PLUGIN_FAILED:
    'The message names the plug-in, the hook and the line. MLN_DEBUG=1 shows where it comes from. Tell whoever makes the plug-in.',
};
