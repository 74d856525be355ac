/** How many bytes a file, and what it comes to in the mln language, may have: as many as a file in that language. */
export const maxBytes = 4 * 1024 * 1024;

/** How deep lists, maps and elements may be nested: a block is at most a map in two lists, and blocks are nested 64 deep. */
export const maxNesting = 200;
