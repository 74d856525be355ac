import { failure } from './errors.js';

/** A file that a plan will write into a project's folder. */
export interface PlannedFile {
  /** Relative to the folder of its unit, or of the project. */
  readonly path: string;
  readonly text: string;
  readonly executable: boolean;
}

/** Takes the files of one unit: its start and stop scripts, a domain file. Pure; the plan writes them later. */
export interface Scripts {
  /** A program that starts or stops the unit, or any other; it is run in no particular folder. */
  script(name: string, text: string): void;
  /** A file that a script or a hypervisor reads. */
  file(name: string, text: string): void;
}

export function createScripts(): { readonly scripts: Scripts; readonly files: readonly PlannedFile[] } {
  const files: PlannedFile[] = [];
  const add = (path: string, text: string, executable: boolean): void => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(path))
      throw failure('MLN_PLUGIN_FAILED', `${path} cannot be the name of a script`);
    if (files.some((file) => file.path === path))
      throw failure('MLN_PLUGIN_FAILED', `two plug-ins write the script ${path}`);
    if (typeof (text as unknown) !== 'string')
      throw failure('MLN_PLUGIN_FAILED', `the script ${path} is given ${typeof text} for its text`);
    files.push({ path, text, executable });
  };
  return {
    files,
    scripts: {
      script: (name, text) => {
        add(name, text, true);
      },
      file: (name, text) => {
        add(name, text, false);
      },
    },
  };
}

/** Quotes a text as one word of sh(1). Everything of a project that reaches a script goes through here. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:,=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
