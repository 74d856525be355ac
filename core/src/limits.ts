/*
 * What a project may come to at most. Nobody who writes or generates one in earnest gets there; a text that is made to
 * use up a machine does.
 */

const MiB = 1024 * 1024;

/** Bytes of one project file. */
export const MAX_FILE = 4 * MiB;
/** How deep blocks, included files, superclasses and variables may stand within each other. */
export const MAX_DEPTH = 64;
/** How many times a project may include a file. */
export const MAX_INCLUDES = 10_000;
/** Characters of all included files of a project. */
export const MAX_INCLUDED = 16 * MiB;
/** Characters of one value, its variables replaced. */
export const MAX_VALUE = MiB;
/** Characters that variables come to in all values of a project. */
export const MAX_REPLACED = 512 * MiB;
/** How many errors are told; the reading ends there. */
export const MAX_ERRORS = 1000;
