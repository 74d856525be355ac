import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { jsonSchema } from '../configuration-schema.js';
import { failure, messageOf, systemFailure } from '../errors.js';
import { readIfThere, writeAtomically } from '../files.js';
import { strangerReason, whoAsks } from '../plugin-trust.js';
import type { Choice, Item } from './items.js';
import { foldersOf, placesOf, type Caller, type Kind } from './places.js';

const text = { type: 'string' };

/** What a record looks like, as a JSON Schema. */
const schema = object({
  version: { const: 1 },
  choice: object({
    kind: { enum: ['user', 'system', 'service-host'] },
    serviceHost: { type: ['string', 'null'] },
    boot: { type: 'boolean' },
    folders: object({ projects: text, templates: text, files: text }),
  }),
  wrote: { type: 'object', additionalProperties: { type: 'array', items: text } },
});

function object(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** What setup remembers: what was chosen, and what it wrote. */
export interface SetupRecord {
  readonly version: 1;
  readonly choice: Choice;
  /** By paths, the marks of what may stand there that is setup's; two of them while one is being put in place of the other. */
  readonly wrote: Readonly<Record<string, readonly string[]>>;
}

/** Where setup remembers what it did. */
export function recordPath(kind: Kind, caller: Caller): string {
  return join(caller.prefix ?? '/', placesOf(kind, caller).data, 'setup.json');
}

/** Reads what setup did before; null where it did nothing. */
export async function readRecord(path: string): Promise<SetupRecord | null> {
  const written = await readIfThere(path);
  if (written === null) return null;
  const asker = whoAsks(null);
  const reason = asker.uid === 0 ? strangerReason(path, asker) : null;
  if (reason !== null)
    throw failure(
      'MLN_NOT_ALLOWED',
      `${path}, where setup remembers what it wrote, ${reason}: root does not believe it`,
      {
        hint: 'run mln setup as the user whose it is, or set HOME and XDG_DATA_HOME to your own',
      },
    );
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch (error) {
    throw notUnderstood(path, messageOf(error));
  }
  const faults = jsonSchema(schema);
  if (typeof faults === 'string') throw new TypeError(faults);
  const [fault] = faults(value);
  if (fault) throw notUnderstood(path, `${fault.path}: ${fault.message}`);
  return value as SetupRecord;
}

/** Reads what setup did before for a kind; throws where it names what setup of that kind does not write. */
export async function recordOf(kind: Kind, caller: Caller): Promise<SetupRecord | null> {
  const path = recordPath(kind, caller);
  const record = await readRecord(path);
  if (record === null) return null;
  if (recordPath(record.choice.kind, caller) !== path) throw notUnderstood(path, `it is of ${record.choice.kind}`);
  const places = foldersOf(kind, caller).map((each) => join(caller.prefix ?? '/', each));
  // Folders of projects may be anywhere; those that hold something are never taken away.
  const strange = Object.entries(record.wrote).find(
    ([file, marks]) =>
      marks.some((mark) => mark !== 'folder' && mark !== 'account') &&
      !places.some((place) => resolve(file).startsWith(`${place}/`)),
  );
  if (strange) throw notUnderstood(path, `it names ${strange[0]}, which is no place of setup`);
  return record;
}

function notUnderstood(path: string, why: string): Error {
  return failure('MLN_IO', `${path}, where setup remembers what it wrote, cannot be understood: ${why}`, {
    hint: 'move it away; setup then takes for its own what is as it would write it',
  });
}

/** Writes down what setup did, or is about to do. */
export async function writeRecord(path: string, record: SetupRecord): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(record, null, 1)}\n`, 0o644);
}

/** What tells whether something is as setup made it. */
export function markOf(item: Item): string {
  if (item.kind === 'folder' || item.kind === 'account') return item.kind;
  return item.kind === 'link' ? `link ${item.target}` : digestOf(item.text);
}

/** The same of what stands at a path; null where nothing does. */
export async function markAt(path: string): Promise<string | null> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return `link ${await readlink(path)}`;
    if (found.isDirectory()) return 'folder';
    return found.isFile() ? digestOf(await readFile(path, 'utf8')) : 'something else';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw systemFailure(error, `${path} cannot be read`);
  }
}

function digestOf(text: string): string {
  return `sha256 ${createHash('sha256').update(text).digest('hex')}`;
}
