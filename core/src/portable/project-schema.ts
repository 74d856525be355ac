import { isIP } from 'node:net';
import { z } from 'zod';
import { hookBlocks } from '../core-keywords.js';
import type { Place } from '../errors.js';
import { isName, isProjectName, namePattern } from '../names.js';
import type { Project } from '../project.js';
import { MiB } from '../values.js';
import { isVersion } from './template-names.js';

export { z };

/*
 * What a project that comes from elsewhere may hold, word by word. Whatever is not here is refused; the types below see to it
 * that this is all of a project, and nothing else.
 */

/** Bytes of a disk or file. */
export const MOST_SIZE = 1024 ** 5;
const MOST_TEXT = 4 * MiB;
export const MOST_WORD = 64 * 1024;

/** The name of a host, a template, a keyword. */
export const name = z.string().max(63).refine(isName, { error: namePattern });
/** One line: characters that no program takes for the end of a line, or of a text. */
export const line = z
  .string()
  .max(MOST_WORD)
  .refine((text) => !/[\0-\x08\x0a-\x1f\x7f\u2028\u2029]|\p{Surrogate}/u.test(text), { error: 'control characters' });
/** Several lines. */
export const text = z
  .string()
  .max(MOST_TEXT)
  .refine((each) => !/\0|\p{Surrogate}/u.test(each), { error: 'a NUL byte, or half a character' });
const word = line.max(1024).regex(/^[^\s-]\S*$/, { error: 'one word is expected' });
export const whole = (least: number, most: number) => z.int().min(least).max(most);
const bytes = whole(0, MOST_SIZE);
const address = z
  .string()
  .max(45)
  .refine((each) => isIP(each) !== 0, { error: 'an address is expected' });
const ownPath = z
  .string()
  .max(255)
  .regex(/^(?!\.)[A-Za-z0-9._-]+$/, { error: 'the plain name of a file is expected' });
/** A path of the server. */
const path = line.max(4096).refine(isPlainPath, { error: 'an absolute path without . and .. is expected' });
const device = z
  .string()
  .max(64)
  .regex(/^[\x21-\x7e]+$/, { error: 'the name of a device is expected' });
const networkDevice = z
  .string()
  .max(15)
  .regex(/^(?!-)[\x21-\x2e\x30-\x7e]+$/, { error: 'the name of a network device is expected' });

function isPlainPath(value: string): boolean {
  return /^\/(?!\/)/.test(value) && value.split('/').every((part) => part !== '.' && part !== '..');
}

const at = { file: line.max(4096), line: whole(0, 1e9), column: whole(0, 1e9) };
const place: z.ZodType<Place> = z.strictObject({ ...at, includedFrom: z.exactOptional(z.lazy(() => place)) });
const value = z.union([line, whole(-MOST_SIZE, MOST_SIZE), z.boolean()]);
const keywords = z.record(name, value);
const mtu = whole(68, 65_535).nullable();

const networkInterface = z.strictObject({
  name: name.max(15),
  switch: name.nullable(),
  bridge: networkDevice.nullable(),
  addresses: z
    .array(
      z
        .strictObject({ address, prefix: whole(0, 128), alone: z.exactOptional(z.literal(true)) })
        .refine((each) => each.prefix <= 32 || isIP(each.address) === 6, {
          error: 'a prefix goes from 0 to 32',
          path: ['prefix'],
        }),
    )
    .max(256),
  dhcp: z.boolean(),
  gateway: address.nullable(),
  broadcast: address.nullable(),
  // A plan takes them as they are.
  mac: z
    .string()
    .regex(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/, { error: 'six pairs of hexadecimal digits are expected' })
    .nullable(),
  mtu,
  keywords: z.exactOptional(keywords),
  place: place.nullable(),
});

const disk = z
  .strictObject({
    role: z.enum(['root', 'swap', 'mount']),
    store: name,
    share: z.exactOptional(z.strictObject({ image: ownPath.nullable() })),
    path: z.union([ownPath, path]),
    existing: z.boolean(),
    size: bytes.nullable(),
    freeSpace: bytes.nullable(),
    device: device.nullable(),
    mount: z.strictObject({ point: path, type: word, options: word }).nullable(),
  })
  .refine((each) => each.existing === each.path.startsWith('/'), {
    error: 'a disk that is made has a plain name, one that is there a path',
    path: ['path'],
  });

const row = z.strictObject({ words: z.array(line).max(4096), place: place.nullable() });

const host = z.strictObject({
  kind: z.literal('host'),
  name,
  superclasses: z.array(name).max(64),
  hypervisor: name.nullable(),
  template: z
    .string()
    .max(96)
    .refine(isVersion, { error: 'NAME or NAME@VERSION of a repository is expected' })
    .nullable(),
  templateFrom: z.null(),
  memory: whole(MiB, MOST_SIZE).multipleOf(MiB),
  disks: z.array(disk).max(256),
  interfaces: z.array(networkInterface).max(256),
  bootOrder: whole(-1e9, 1e9),
  serviceHost: name.nullable(),
  term: z.enum(['screen', 'xterm', 'none']),
  console: device.nullable(),
  macPrefix: z
    .string()
    .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){0,4}$/i, { error: 'pairs of hexadecimal digits are expected' })
    .nullable(),
  keywords,
  lists: z.record(name, z.array(row).max(100_000)),
  text: z.record(name, text),
  place: place.nullable(),
  lines: z.exactOptional(
    z.strictObject({
      template: z.exactOptional(place),
      size: z.exactOptional(place),
      filesystem: z.exactOptional(place),
    }),
  ),
});

const aSwitch = z.strictObject({
  kind: z.literal('switch'),
  name,
  hypervisor: name.nullable(),
  hub: z.boolean(),
  bridge: networkDevice.nullable(),
  tap: networkDevice.nullable(),
  socket: line.max(4096).regex(/^[^-]/, { error: 'a path is expected' }).nullable(),
  mtu,
  serviceHost: name.nullable(),
  ports: z.array(z.tuple([name, name]).readonly()).max(65_536),
  keywords,
  place: place.nullable(),
});

export const projectSchema = z.strictObject({
  name: z.string().max(63).refine(isProjectName, { error: 'the name of a project is expected' }),
  home: z
    .string()
    .max(64)
    .refine((each) => isName(each.replace(/^~/, '')), { error: 'the name of a server is expected' })
    .nullable(),
  source: line.max(4096),
  directory: line.max(4096),
  switches: z.array(aSwitch).max(65_536),
  hosts: z.array(host).max(65_536),
  hookBlocks: z.partialRecord(z.enum(hookBlocks), text),
  variables: z.record(
    z
      .string()
      .max(255)
      .regex(/^[\w.-]+$/),
    text,
  ),
  secret: z
    .string()
    .max(256)
    .regex(/^[0-9a-z]+$/i, { error: 'letters and digits are expected' })
    // Of a whole build the home decides.
    .nullable(),
});

/** What of a value is wrong, each fault with its path; `whole` names the value itself. */
export function faultsIn(error: z.ZodError, whole: string): readonly string[] {
  return error.issues.map(
    ({ path: where, message }) => `${where.map(String).join('.').slice(0, 200) || whole}: ${message}`,
  );
}

type ReadProject = z.infer<typeof projectSchema>;
type Keys<T> = T extends readonly (infer Each)[]
  ? Keys<Each>
  : T extends object
    ? string extends keyof T
      ? never
      : keyof T
    : never;
/** The fields that only one of two types has; what a plan chooses, and what is kept aside, does not travel. */
type Differing<A, B> = Exclude<Keys<A>, Keys<B> | 'standsOn' | 'kept'> | Exclude<Keys<B>, Keys<A>>;
type ReadHost = ReadProject['hosts'][number];
type Host = Project['hosts'][number];
type Fitting<T, Drift extends Record<keyof Drift, never>> = keyof Drift extends string ? T : never;
/** A project, as long as what is read is what there is: this cannot be compiled where a field is missing on either side. */
export type ReadProjectFits = Fitting<
  ReadProject,
  {
    project: Differing<Project, ReadProject>;
    host: Differing<Host, ReadHost>;
    disk: Differing<Host['disks'], ReadHost['disks']>;
    interface: Differing<Host['interfaces'], ReadHost['interfaces']>;
    address: Differing<Host['interfaces'][number]['addresses'], ReadHost['interfaces'][number]['addresses']>;
    lines: Differing<NonNullable<Host['lines']>, NonNullable<ReadHost['lines']>>;
    switch: Differing<Project['switches'], ReadProject['switches']>;
  }
>;
