import { failure, isName, type OperationOptions } from '@mln/core';
import type { OperationRequest, PhaseRequest, Verb } from '../protocol.js';

/** The rights that an operation takes. */
const rightsFor: Readonly<Record<string, readonly Verb[]>> = {
  build: ['build'],
  start: ['start'],
  stop: ['stop'],
  restart: ['stop', 'start'],
  remove: ['remove'],
  upgrade: ['upgrade'],
  migrate: ['upgrade', 'migrate'],
  undo: ['upgrade'],
};

/** Operations that are carried out as a whole alone. */
const wholeOnly: readonly string[] = ['restart', 'migrate', 'undo'];

/** Gives the rights that an operation takes on its project. */
export function rightsOf(operation: string): readonly Verb[] {
  return rightsFor[operation] ?? [];
}

/** How a field is checked, and what it is to be. */
type Check = readonly [fits: (value: unknown) => boolean, what: string];

const seconds: Check = [
  (value) => typeof value === 'number' && value >= 0 && value <= 31_536_000,
  'a number of seconds',
];
const version: Check = [(value) => Number.isInteger(value) && (value as number) > 0, 'a version'];
const flag: Check = [(value) => value === true, 'true'];
const names: Check = [
  (value) =>
    Array.isArray(value) && value.length <= 100_000 && value.every((each) => typeof each === 'string' && isName(each)),
  'a list of names',
];
const oneOf = (words: readonly string[]): Check => [
  (value) => typeof value === 'string' && words.includes(value),
  words.join(', '),
];

const optionFields: Readonly<Record<keyof OperationOptions, Check>> = {
  sleep: seconds,
  wait: seconds,
  patience: seconds,
  save: flag,
  allOrNothing: flag,
  overcommit: flag,
  rebuild: names,
  shrink: names,
  moved: names,
  stops: names,
  version,
  undo: version,
  preCopy: flag,
  term: oneOf(['screen', 'xterm', 'none']),
};

const requestFields: Readonly<Record<keyof OperationRequest, Check>> = {
  scope: oneOf(['part', 'whole']),
  operation: oneOf(Object.keys(rightsFor)),
  options: [(value) => isObject(value), 'an object'],
  project: [(value) => typeof value === 'string' && isName(value) && !value.includes('.'), 'the name of a project'],
  parent: [(value) => typeof value === 'string' && /^[\w.-]{1,100}$/.test(value), 'the id of an operation'],
  home: [(value) => typeof value === 'string' && isName(value.replace(/^~/, '')), 'the name of a server'],
  hosts: names,
  replace: [(value) => typeof value === 'boolean', 'true or false'],
  start: [(value) => typeof value === 'boolean', 'true or false'],
  to: [(value) => typeof value === 'string' && isName(value), 'the name of a server'],
  // Looked through word by word by whoever knows its form.
  package: [(value) => isObject(value), 'a package'],
};

const phaseFields: Readonly<Record<keyof PhaseRequest, Check>> = {
  number: [(value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1_000_000, 'a number'],
  phase: [(value) => typeof value === 'string' && /^[A-Za-z]{1,40}$/.test(value), 'the name of a phase'],
  units: names,
};

/** Checks a request for an operation, but for its package. Throws MLN_BAD_REQUEST. */
export function checkRequest(value: unknown): OperationRequest {
  const request = checked(value, requestFields, [
    'scope',
    'operation',
    'options',
    'project',
  ]) as unknown as OperationRequest;
  checked(request.options, optionFields, [], 'options.');
  const { operation, scope } = request;
  const isMade = operation === 'build' || operation === 'upgrade';
  if (isMade !== (request.package !== undefined))
    throw bad(isMade ? `${operation} comes with a package` : `${operation} takes no package`);
  const isWhole = request.hosts !== undefined || request.replace !== undefined || request.to !== undefined;
  if (scope === 'part' && (isWhole || wholeOnly.includes(operation)))
    throw bad('a part is told its hosts phase by phase, and takes neither replace nor restart');
  if ((operation === 'migrate') !== (request.to !== undefined)) throw bad('migrate, and nothing else, takes a server');
  if (operation === 'migrate' && request.hosts?.length !== 1) throw bad('one host at a time is migrated');
  return request;
}

/** Checks a request for a phase. Throws MLN_BAD_REQUEST. */
export function checkPhase(value: unknown): PhaseRequest {
  return checked(value, phaseFields, ['number', 'phase', 'units']) as unknown as PhaseRequest;
}

function checked(
  value: unknown,
  fields: Readonly<Record<string, Check>>,
  needed: readonly string[],
  before = '',
): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw bad(`${before || 'the body '}is no object`.trim());
  for (const [key, found] of Object.entries(value)) {
    const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (check === undefined) throw bad(`nobody knows the field ${JSON.stringify(`${before}${key}`.slice(0, 60))}`);
    const [fits, what] = check;
    if (!fits(found)) throw bad(`the field ${before}${key} is not ${what}`);
  }
  const missing = needed.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) throw bad(`the field ${before}${missing} is missing`);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(message: string): Error {
  return failure('MLN_BAD_REQUEST', message);
}
