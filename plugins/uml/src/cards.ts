import { quote, type Host, type Interface, type Project } from '@mln/core';
import { isVde } from './switch-scripts.js';
import type { Tap } from './tap-scripts.js';
import { tapAddressOf, tapOf, usesSlirp } from './uplink.js';

/** The program that slirp is; without its limit of a modem's speed. */
const SLIRP = 'slirp-fullbolt';

/** The kernel's arguments for a host's network cards; see `linux.uml --help`. Words of the start script. */
export function networkArguments(host: Host, project: Project): string[] {
  return host.interfaces.flatMap((card) => networkArgument(card, project));
}

function networkArgument(card: Interface, project: Project): string[] {
  const { name, switch: connected } = card;
  const mac = card.mac ?? '';
  const tap = tapOf(card);
  if (connected !== null) {
    const unit = project.switches.find((each) => each.name === connected);
    // Only whoever starts it can see what a switch of others is.
    if (unit && unit.socket !== null) return [`"$(card ${name} ${connected} ${mac === '' ? "''" : mac})"`];
    const socket = `../${connected}/ctl`;
    return [unit && isVde(unit) ? `${name}=vde,${socket},${mac}` : `${name}=daemon,${mac},unix,${socket}`];
  }
  if (tap !== null) return [quote(`${name}=tuntap,${tap},${mac}`)];
  return usesSlirp(card) ? [`${name}=slirp,,${SLIRP}`] : [];
}

/** A function of the start script, for cards of switches that mln does not run: a vde_switch(1) is known by its folder. */
export function cardFunction(host: Host, project: Project): string {
  const foreign = project.switches.filter(({ socket }) => socket !== null).map(({ name }) => name);
  if (!host.interfaces.some((each) => each.switch !== null && foreign.includes(each.switch))) return '';
  return `card() {
  if [ -d "../$2/ctl" ]; then echo "$1=vde,../$2/ctl,$3"; else echo "$1=daemon,$3,unix,../$2/ctl"; fi
}
`;
}

/** Checks what a host's cards are connected to: switches that run, and programs. A switch that was killed leaves its socket; one that mln does not run has no pid. */
export function networkChecks(host: Host): string {
  const names = [...new Set(host.interfaces.flatMap((each) => each.switch ?? []))];
  const switches =
    names.length === 0
      ? ''
      : `need_switch() {
  if { [ ! -S "../$1/ctl" ] && [ ! -S "../$1/ctl/ctl" ]; } ||
    { [ -e "../$1/pid" ] && ! kill -0 "$(cat "../$1/pid")" 2>/dev/null; }; then
    fail "the switch $1 does not run; start it first"
  fi
}
${names.map((name) => `need_switch ${name}\n`).join('')}`;
  return `${host.interfaces.some(usesSlirp) ? `need ${SLIRP}\n` : ''}${switches}`;
}

/** The taps of the physical host that a host's cards are connected to. */
export function tapsOf(host: Host): readonly Tap[] {
  return host.interfaces.flatMap((card) => {
    const name = tapOf(card);
    return name === null ? [] : [{ name, address: tapAddressOf(card), mtu: card.mtu, bridge: card.bridge }];
  });
}
