import {
  failure,
  loadPortable,
  MlnError,
  type Blob,
  type Portability,
  type Problem,
  type Project,
  type SentTemplate,
  type SourceEntry,
} from '@mln/core';

/*
 * An archive is a tar file (POSIX ustar), compressed with zstd (RFC 8878):
 *
 *   mln.json        what is in it: Contents, below
 *   blobs/SHA256    files, each once, in the order and of the size that mln.json says
 */

/** The version of mln.json's form. */
export const FORM = 1;
export const HEAD = 'mln.json';
/** Bytes of mln.json. */
export const MOST_HEAD = 64 * 1024 * 1024;

/** A file of the archive. */
export interface ArchivedBlob extends Blob {
  /** Bytes in blocks that are not all zeros: what it takes on a disk that knows holes. */
  readonly data: number;
}

export interface ArchivedDisk {
  readonly host: string;
  /** As the host calls it. */
  readonly disk: string;
  readonly blob: Blob;
}

/** What mln wrote into a guest, as its disk has it. */
export interface ArchivedRecord {
  readonly host: string;
  readonly blob: Blob;
}

/** What an archive says of itself. */
export interface Contents {
  readonly form: typeof FORM;
  readonly madeBy: string;
  /** ISO 8601. */
  readonly at: string;
  /** The plug-ins of the machine that it comes from, with their versions. */
  readonly plugins: Readonly<Record<string, string>>;
  /** As it was decided; paths and places are those of no machine. */
  readonly project: Project;
  /** The project file, includes in place. */
  readonly source: string;
  readonly entries: readonly SourceEntry[];
  readonly templates: readonly SentTemplate[];
  readonly disks: readonly ArchivedDisk[];
  readonly records: readonly ArchivedRecord[];
  readonly blobs: readonly ArchivedBlob[];
}

/** Faults that are told of one archive. */
const MOST_TOLD = 20;

/** An error about an archive. */
export function badArchive(message: string, hint = 'nothing was changed', cause?: unknown): MlnError {
  return failure('MLN_BAD_ARCHIVE', message, { hint, cause });
}

/** Throws MLN_BAD_ARCHIVE where there are faults. */
export function refuse(faults: readonly string[], hint?: string): void {
  if (faults.length === 0) return;
  const more = faults.length > MOST_TOLD ? [`and ${faults.length - MOST_TOLD} more`] : [];
  throw new MlnError(
    [...faults.slice(0, MOST_TOLD), ...more].map((fault, index): Problem => ({
      severity: 'error',
      code: 'MLN_BAD_ARCHIVE',
      message: `the archive: ${fault}`,
      ...(hint !== undefined && index === 0 ? { hint } : {}),
    })),
  );
}

/** Reads mln.json, word by word. Throws MLN_BAD_ARCHIVE with all that is wrong. */
export async function readContents(text: string): Promise<Contents> {
  const portable = await loadPortable();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badArchive(`the archive: ${HEAD} is no JSON`, undefined, error);
  }
  const { form } = (value ?? {}) as { readonly form?: unknown };
  if (form !== FORM)
    throw badArchive(
      `the archive is of form ${form === undefined ? 'none' : JSON.stringify(form).slice(0, 20)}; this mln reads form ${FORM}`,
      'use the mln that wrote it, or a newer one',
    );
  const strange = portable.strangeIn(value);
  if (strange !== null) throw badArchive(`the archive: ${HEAD} ${strange}`);
  const read = schemaOf(portable).safeParse(value);
  if (!read.success) refuse(portable.faultsIn(read.error, HEAD));
  const contents = read.data as Contents;
  refuse([...portable.portableFaults(contents), ...diskFaults(contents), ...blobFaults(contents)]);
  return contents;
}

function schemaOf({ z, ...portable }: Portability) {
  const { blobSchema, entriesSchema, line, name, projectSchema, templateSchema, text, whole } = portable;
  return z.strictObject({
    form: z.literal(FORM),
    madeBy: line.max(256),
    at: line.max(64),
    plugins: z.record(line.max(214), line.max(256)),
    project: projectSchema,
    source: text,
    entries: entriesSchema,
    templates: z.array(templateSchema).max(10_000),
    disks: z.array(z.strictObject({ host: name, disk: line.max(255), blob: blobSchema })).max(100_000),
    records: z.array(z.strictObject({ host: name, blob: blobSchema })).max(65_536),
    blobs: z.array(blobSchema.extend({ data: whole(0, Number.MAX_SAFE_INTEGER) })).max(400_000),
  });
}

function diskFaults({ project, disks, records }: Contents): readonly string[] {
  const hosts = new Map(project.hosts.map((host) => [host.name, host]));
  const named = [...disks.map(({ host, disk }) => `${host}: ${disk}`), ...records.map(({ host }) => host)];
  const seen = new Set<string>();
  const twice = named.filter((each) => seen.size === seen.add(each).size);
  const disksOf = new Map<string, Set<string>>();
  for (const { host, disk } of disks) disksOf.set(host, (disksOf.get(host) ?? new Set()).add(disk));
  return [
    ...twice.map((each) => `${each} is there twice`),
    ...disks.flatMap(({ host, disk }) => {
      const found = hosts.get(host)?.disks.find((each) => !each.existing && each.path === disk);
      return found ? [] : [`disks: ${host} has no disk ${disk} that mln makes`];
    }),
    ...records.flatMap(({ host }) => (hosts.has(host) ? [] : [`records: there is no host ${host}`])),
    ...[...hosts.values()].flatMap(({ name, disks: its }) => {
      const there = disksOf.get(name);
      const missing = its.some(({ existing, role, path }) => !existing && role !== 'swap' && !there?.has(path));
      return disks.length > 0 && missing ? [`disks: not all disks of ${name} are there`] : [];
    }),
  ];
}

/** Each file is named once in the list, and by something that needs it; and is as large here as there. */
function blobFaults({ entries, templates, disks, records, blobs }: Contents): readonly string[] {
  const listed = new Map(blobs.map((blob) => [blob.sha256, blob]));
  const used = [
    ...entries.flatMap((each) => (each.kind === 'file' ? [each.blob] : [])),
    ...[...templates, ...disks, ...records].map(({ blob }) => blob),
  ];
  const wanted = new Set(used.map(({ sha256 }) => sha256));
  return [
    ...(listed.size < blobs.length ? ['blobs: one is there twice'] : []),
    ...used.flatMap(({ sha256, size }) =>
      listed.get(sha256)?.size === size ? [] : [`blobs: ${sha256} of ${size} bytes is not there`],
    ),
    ...blobs.flatMap(({ sha256, size, data }) => [
      ...(wanted.has(sha256) ? [] : [`blobs: nothing needs ${sha256}`]),
      ...(data > size ? [`blobs: ${sha256} has more data than bytes`] : []),
    ]),
  ];
}
