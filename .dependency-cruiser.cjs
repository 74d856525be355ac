/* What may import what. Each of the libraries that the core stands on is imported by one file. */
const oneFile = (library, file) => ({
  name: `${library}-in-one-file`,
  severity: 'error',
  from: { pathNot: `^core/src/(cli/)?${file}\\.ts$` },
  to: { path: `node_modules/${library}/` },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'core-knows-no-plug-in', severity: 'error', from: { path: '^core/' }, to: { path: '^plugins/' } },
    {
      name: 'plug-ins-know-no-other',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: { path: '^plugins/([^/]+)/', pathNot: '^plugins/$1/' },
    },
    {
      name: 'plug-ins-import-the-index',
      severity: 'error',
      from: { path: '^plugins/[^/]+/src/' },
      to: { path: '^core/', pathNot: '^core/(src|types)/index\\.(ts|d\\.ts)$' },
    },
    { name: 'no-tests-in-sources', severity: 'error', from: { path: '/src/' }, to: { path: '/test/' } },
    oneFile('tapable', 'hooks'),
    oneFile('parsimmon', 'grammar'),
    oneFile('cosmiconfig', 'configuration-files'),
    oneFile('acorn', 'module-text'),
    oneFile('execa', 'shell'),
    oneFile('semver', 'semver'),
    oneFile('commander', 'main'),
    {
      ...oneFile('zod', 'configuration-schema'),
      from: { pathNot: '^core/src/(configuration-schema|portable/project-schema)\\.ts$' },
    },
    oneFile('undici', 'template-fetch'),
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'build', 'dist', 'types'] },
    exclude: { path: '/test/|/build/|/dist/|/types/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
