/** What needs no machine, what boots guests, and what is packed and installed. All read the sources, not what was built of them. */
const sources = {
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { module: { type: 'es6' }, jsc: { target: 'es2023', parser: { syntax: 'typescript' } } },
    ],
  },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@mln/core$': '<rootDir>/core/src/index.ts',
    '^@mln/core/(.*)$': '<rootDir>/core/src/$1',
    '^@mln/plugin-(.*)$': '<rootDir>/plugins/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

const installed = {
  globalSetup: '<rootDir>/test/guests/installation.ts',
  globalTeardown: '<rootDir>/test/guests/installation-removed.ts',
};

export default {
  // Machines are shared, and a test that hangs is found all the same.
  testTimeout: 60_000,
  projects: [
    {
      ...sources,
      displayName: 'fast',
      testMatch: [
        '<rootDir>/core/test/**/*.test.ts',
        '<rootDir>/plugins/*/test/**/*.test.ts',
        '<rootDir>/test/*.test.ts',
      ],
    },
    { ...sources, ...installed, displayName: 'guests', testMatch: ['<rootDir>/test/guests/*.test.ts'] },
    { ...sources, ...installed, displayName: 'fleet', testMatch: ['<rootDir>/test/fleet/*.test.ts'] },
    { ...sources, ...installed, displayName: 'packages', testMatch: ['<rootDir>/test/packages/*.test.ts'] },
    { ...sources, displayName: 'release', testMatch: ['<rootDir>/test/release/*.test.ts'] },
    { ...sources, ...installed, displayName: 'xen', testMatch: ['<rootDir>/test/xen/*.test.ts'] },
  ],
};
