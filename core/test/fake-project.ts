import type { Host, Interface, Project, Switch } from '../src/project.js';
import { MiB } from '../src/values.js';

/** A project with nothing in it but what is given. */
export function fakeProject(details: Partial<Project> = {}): Project {
  return {
    name: 'ring',
    home: null,
    source: '/source',
    directory: '/projects/ring',
    switches: [],
    hosts: [],
    hookBlocks: {},
    variables: {},
    secret: null,
    ...details,
  };
}

export function fakeHost(name: string, details: Partial<Host> = {}): Host {
  return {
    kind: 'host',
    name,
    superclasses: [],
    hypervisor: 'fake',
    template: null,
    templateFrom: null,
    memory: 128 * MiB,
    disks: [],
    interfaces: [],
    bootOrder: 99,
    serviceHost: null,
    term: 'none',
    console: null,
    macPrefix: null,
    keywords: {},
    lists: {},
    text: {},
    place: null,
    ...details,
  };
}

export function fakeInterface(name: string, details: Partial<Interface> = {}): Interface {
  return {
    name,
    switch: 'lan',
    bridge: null,
    addresses: [],
    dhcp: false,
    gateway: null,
    broadcast: null,
    mac: null,
    mtu: null,
    place: null,
    ...details,
  };
}

export function fakeSwitch(name: string, details: Partial<Switch> = {}): Switch {
  return {
    kind: 'switch',
    name,
    hypervisor: 'fake',
    hub: false,
    bridge: null,
    tap: null,
    socket: null,
    mtu: null,
    serviceHost: null,
    ports: [],
    keywords: {},
    place: null,
    ...details,
  };
}
