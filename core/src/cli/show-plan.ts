import { isAbsolute } from 'node:path';
import { Exit, type ExitCode } from '../codes.js';
import type { CommandContext, CommandOptions } from '../commands.js';
import { decide } from '../decide.js';
import { failure } from '../errors.js';
import type { Edit } from '../filesystem.js';
import { flatProblem, renderProblem } from '../render-problem.js';
import { planProject, type Plan, type PlannedDisk, type PlannedUnit } from '../plan.js';
import { unitsOf, type Disk } from '../project.js';
import type { ReadProject } from '../read-project.js';
import { hideSecrets, secretsSeen, withoutWords } from '../secrets.js';
import { createSourceLines } from '../source-lines.js';
import { readState } from '../state.js';
import type { Template } from '../templates.js';
import { formatSize } from '../values.js';

/** Prints a whole plan, the part of one host, or (host and path) one file of it. */
export async function showPlan(
  { mln, terminal }: CommandContext,
  read: ReadProject,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const previous = await readState(mln.folders.projects, read.project.name);
  const project = decide(read.project, previous?.project ?? null);
  const made = await planProject(mln, project, unitsOf(project), previous?.project ?? null);
  const warnings = [...read.warnings, ...made.warnings];
  const [name, path] = args;
  const units = name === undefined ? made.units : [unitOf(made, name)];
  const lineOf = createSourceLines(mln);
  for (const warning of made.warnings) if (options['json'] !== true) terminal.note(renderProblem(warning, lineOf));
  const secretsOf = secretsSeen(read, mln.keywords);
  // A file ends with a newline of its own.
  if (path !== undefined)
    terminal.print(withoutWords(fileText(units[0], path), secretsOf(name ?? '')).replace(/\n$/, ''));
  else if (options['json'] === true)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'Plan',
      warnings: warnings.map(flatProblem),
      items: units.map((unit) => toJson(unit, secretsOf(unit.unit.name))),
    });
  else terminal.print([...units.map(unitText), ...ownFiles(made)].join('\n'));
  return Exit.done;
}

/** What belongs to the project as a whole. */
function ownFiles({ files, images }: Plan): readonly string[] {
  return [
    ...images.map(({ path, size, template }) => `  image  ${path}, ${formatSize(size)}, from ${nameOf(template)}`),
    ...files.map((file) => `  write  ${file.path}`),
  ];
}

function unitOf(made: Plan, name: string): PlannedUnit {
  const found = made.units.find(({ unit }) => unit.name === name);
  if (found) return found;
  throw failure('MLN_NO_UNIT', `the project has no host or switch ${name}`, {
    hint: `it has ${made.units.map(({ unit }) => unit.name).join(', ')}`,
  });
}

function unitText({ unit, files, disks, edits }: PlannedUnit): string {
  const claimed = `${unit.kind} ${unit.name} (${unit.hypervisor ?? ''})`;
  return [
    unit.kind === 'host' ? `${claimed} ${formatSize(unit.memory)}` : claimed,
    ...files.map((file) => `  write  ${unit.name}/${file.path}`),
    ...disks.map((disk) => `  disk   ${diskText(disk)}`),
    ...edits.map((edit) => `  guest  ${editText(edit)}`),
  ].join('\n');
}

function diskText({ disk, template, size }: PlannedDisk): string {
  const made = disk.standsOn === undefined ? `from ${nameOf(template)}` : `over ${ownImage(disk) ?? nameOf(template)}`;
  return [disk.path, size > 0 ? formatSize(size) : null, template ? made : null].filter((part) => part).join(', ');
}

function ownImage({ standsOn = '' }: Disk): string | null {
  return isAbsolute(standsOn) ? null : standsOn;
}

function nameOf(template: Template | null): string {
  const { manifest, path = '' } = template ?? {};
  return manifest ? `${manifest.name}@${manifest.version}` : path;
}

function editText(edit: Edit): string {
  if (edit.do === 'remove') return `- ${edit.path}`;
  const attributes = `${edit.mode.toString(8).padStart(4, '0')} ${edit.owner}:${edit.group}`;
  if (edit.do === 'symlink') return `+ ${edit.path} → ${edit.target}`;
  const size = edit.do === 'file' && Buffer.isBuffer(edit.content) ? `, ${edit.content.length} bytes` : '';
  return `${edit.do === 'file' && !edit.replaces ? '+' : edit.do === 'directory' ? '+' : '~'} ${edit.path} (${attributes}${size})`;
}

/** A script of the unit, or a file as it will be in the guest. */
function fileText(planned: PlannedUnit | undefined, path: string): string {
  const file = planned?.files.find((each) => each.path === path);
  if (file) return file.text;
  const edit = planned?.edits.find((each) => each.do === 'file' && each.path === path);
  if (edit?.do !== 'file')
    throw failure('MLN_USAGE', `the plan of ${planned?.unit.name ?? ''} changes no file ${path}`, {
      hint: 'mln plan HOST lists them',
    });
  return hideSecrets(
    path,
    Buffer.isBuffer(edit.content) ? edit.content.toString() : `(a copy of ${edit.content.source})`,
  );
}

function toJson({ unit, files, disks, edits }: PlannedUnit, secrets: readonly string[]): object {
  const hide = (text: string): string => withoutWords(text, secrets);
  return {
    kind: unit.kind,
    name: unit.name,
    hypervisor: unit.hypervisor,
    files: files.map(({ path, text, executable }) => ({ path, text: hide(text), executable })),
    disks: disks.map(({ disk, template, size }) => ({
      role: disk.role,
      store: disk.store,
      path: disk.path,
      size,
      template: template?.path ?? null,
      standsOn: disk.standsOn ?? null,
    })),
    edits: edits.map((edit) =>
      edit.do === 'file'
        ? {
            ...edit,
            content: Buffer.isBuffer(edit.content)
              ? hide(hideSecrets(edit.path, edit.content.toString()))
              : edit.content,
          }
        : edit,
    ),
  };
}
