/** Exit codes of the command line. */
export const Exit = {
  done: 0,
  failed: 1,
  asked: 2,
  partly: 3,
  usage: 64,
  badProject: 65,
  noServer: 69,
  locked: 75,
  notAllowed: 77,
  badConfiguration: 78,
} as const;

export type ExitCode = (typeof Exit)[keyof typeof Exit];

/** Every error code of the core: how the command ends, and what the code means in one sentence. */
export const codes = {
  // Text
  MLN_OPEN_BLOCK: [Exit.badProject, 'A block is opened and never closed.'],
  MLN_STRAY_BRACE: [Exit.badProject, 'A closing brace stands where no block is open.'],
  MLN_OPEN_TEXT: [Exit.badProject, 'A <<WORD has no line that is WORD alone.'],
  MLN_OPEN_QUOTE: [Exit.badProject, 'A quote is opened and not closed on its line.'],
  MLN_TOO_DEEP: [
    Exit.badProject,
    'Blocks, included files, superclasses or variables stand within each other, more than 64 deep.',
  ],
  MLN_TOO_LARGE: [
    Exit.badProject,
    'A value, the included files or the hosts of a project come to more than mln reads.',
  ],
  MLN_BAD_FILE: [
    Exit.badProject,
    'A project file is too large, binary, not UTF-8, or not in the format that its name says.',
  ],
  MLN_NO_FILE: [Exit.badProject, 'A file that a project or a command names cannot be read.'],
  MLN_BAD_INCLUDE: [Exit.badProject, 'An #include names no file, or more than one.'],
  MLN_INCLUDE_CYCLE: [Exit.badProject, 'A file includes itself.'],
  MLN_NBSP: [Exit.badProject, 'A no-break space stands where a blank belongs; it is read as one.'],
  // Project
  MLN_NO_PROJECT_NAME: [Exit.badProject, 'The project has no `global { project NAME }`.'],
  MLN_BAD_NAME: [Exit.badProject, 'A name has characters that names may not have.'],
  MLN_TWICE: [Exit.badProject, 'A name, or a value that can be only one, is given twice.'],
  MLN_UNKNOWN_KEYWORD: [Exit.badProject, 'No plug-in declares this keyword here.'],
  MLN_BAD_VALUE: [Exit.badProject, 'A value is not of the kind that its keyword takes.'],
  MLN_BAD_ADDRESS: [Exit.badProject, 'An address, a netmask or a gateway cannot be right.'],
  MLN_ADDRESS_TWICE: [Exit.badProject, 'Two interfaces have one address.'],
  MLN_NO_PREFIX: [Exit.badProject, 'An address has neither a prefix length nor a netmask.'],
  MLN_NO_NETWORK: [Exit.badProject, 'An interface is connected to nothing.'],
  MLN_NO_SWITCH: [Exit.badProject, 'An interface names a switch that the project does not declare.'],
  MLN_NO_SUPERCLASS: [Exit.badProject, 'A host or superclass names a superclass that does not exist.'],
  MLN_SUPERCLASS_CYCLE: [Exit.badProject, 'A superclass inherits from itself.'],
  MLN_NO_VARIABLE: [Exit.badProject, 'A variable is used that is set nowhere.'],
  MLN_VARIABLE_CYCLE: [Exit.badProject, 'A variable is made of itself.'],
  MLN_SHADOWED: [Exit.badProject, 'A text assigns a shell variable that has the name of a variable of mln.'],
  MLN_TWO_CLAIMS: [Exit.badProject, 'Two plug-ins claim one host, switch or disk.'],
  MLN_NO_CLAIM: [Exit.badProject, 'No plug-in knows how to run a host, a switch or a disk.'],
  MLN_UNSUPPORTED: [Exit.badProject, 'The chosen back end cannot do what the project asks.'],
  MLN_OLD_PASSWORD: [Exit.badProject, 'A password hash is of the weak DES kind; it is used as it is.'],
  MLN_REHEARSED: [Exit.badProject, 'A rehearsal leaves a keyword out, since only the real project needs it.'],
  MLN_SMALL_SIZE: [Exit.badProject, 'A disk is to be smaller than its template; it gets the template’s size.'],
  // Guests, templates, disks
  MLN_NO_TEMPLATE: [Exit.failed, 'A template is not in the repository and is no file.'],
  MLN_TEMPLATE_CHANGED: [Exit.failed, 'A template is not what its manifest says.'],
  MLN_TEMPLATE_EXISTS: [Exit.failed, 'A template of this name and version exists.'],
  MLN_TEMPLATE_IN_USE: [Exit.failed, 'Disks of projects stand on a template.'],
  MLN_WRONG_DIGEST: [Exit.failed, 'A file is not the one whose digest was given.'],
  MLN_BAD_SIGNATURE: [Exit.failed, 'An index of digests is not signed by the key that was given.'],
  MLN_DOWNLOAD_FAILED: [Exit.failed, 'A file cannot be downloaded.'],
  MLN_IMAGE_IN_USE: [Exit.failed, 'An existing image is used by another host, or by somebody else.'],
  MLN_NO_FILESYSTEM: [Exit.failed, 'No plug-in can read the filesystem of an image.'],
  MLN_GUEST_PATH: [Exit.failed, 'A path inside a guest cannot be used.'],
  MLN_GUEST_EDIT: [Exit.failed, 'A guest’s filesystem could not be edited.'],
  MLN_NO_SPACE: [Exit.failed, 'A disk is full.'],
  // Machine
  MLN_NO_PROGRAM: [Exit.failed, 'A program that is needed is not installed.'],
  MLN_COMMAND_FAILED: [Exit.failed, 'A program that mln ran failed.'],
  MLN_SCRIPT_FAILED: [Exit.failed, 'A script of the project failed.'],
  MLN_NOT_UP: [Exit.partly, 'Some hosts did not become ready, or did not stop, in time.'],
  MLN_PARTLY: [Exit.partly, 'Some of it failed; the rest is done.'],
  MLN_IO: [Exit.failed, 'A file or folder of mln cannot be read or written.'],
  MLN_NOT_ALLOWED: [Exit.notAllowed, 'The calling user may not do this.'],
  // Projects that are built
  MLN_NO_PROJECT: [Exit.failed, 'There is no built project of this name.'],
  MLN_NO_UNIT: [Exit.failed, 'The project has no host or switch of this name.'],
  MLN_PROJECT_EXISTS: [Exit.failed, 'The project is built already.'],
  MLN_PROJECT_RUNS: [Exit.failed, 'The project runs; it must be stopped first.'],
  MLN_NOT_CONFIRMED: [Exit.failed, 'The question was not answered with yes.'],
  MLN_BAD_STATE: [Exit.failed, 'The kept state of a project cannot be read.'],
  MLN_LOCKED: [Exit.locked, 'Another mln works on this project.'],
  MLN_NO_SERVER: [Exit.noServer, 'No plug-in can reach a service host.'],
  // Plug-ins, configuration, command line
  MLN_USAGE: [Exit.usage, 'The command line was not understood.'],
  MLN_BAD_CONFIGURATION: [Exit.badConfiguration, 'The configuration cannot be used.'],
  MLN_PLUGIN_NOT_FOUND: [Exit.badConfiguration, 'A configured plug-in is not installed, or its file is not there.'],
  MLN_PLUGIN_API: [Exit.badConfiguration, 'A plug-in was made for another plug-in API; none of its code was run.'],
  MLN_PLUGIN_MANIFEST: [
    Exit.badConfiguration,
    'A plug-in does not say what it is, or says it in a way that is not understood.',
  ],
  MLN_PLUGIN_OPTIONS: [Exit.badConfiguration, 'A plug-in is given options that it does not take.'],
  MLN_PLUGIN_UNTRUSTED: [
    Exit.badConfiguration,
    'A plug-in is not run, as others than the calling user may have written it.',
  ],
  MLN_PLUGIN_IMPORT: [
    Exit.badConfiguration,
    'A plug-in cannot be imported: it throws, or something that it imports is missing.',
  ],
  MLN_PLUGIN_NO_DEFAULT: [Exit.badConfiguration, 'A plug-in has no function as its default export.'],
  MLN_PLUGIN_SETUP: [Exit.badConfiguration, 'The function of a plug-in failed while it tapped its hooks.'],
  MLN_PLUGIN_TWICE: [Exit.badConfiguration, 'Two plug-ins that are configured have one name.'],
  MLN_PLUGIN_CLASH: [Exit.badConfiguration, 'Two plug-ins bring one verb or keyword.'],
  MLN_FAULT: [Exit.failed, 'This is a fault of mln itself.'],
  MLN_PLUGIN_FAILED: [Exit.failed, 'A plug-in failed while it worked; this is a fault of the plug-in.'],
} as const satisfies Record<string, readonly [ExitCode, string]>;

export type CoreCode = keyof typeof codes;
