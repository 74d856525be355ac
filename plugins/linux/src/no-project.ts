import type { Project } from '@mln/core';

/** A template belongs to no project. */
export const noProject: Project = {
  name: 'template',
  home: null,
  source: '/',
  directory: '/',
  switches: [],
  hosts: [],
  hookBlocks: {},
  variables: {},
  secret: null,
};
