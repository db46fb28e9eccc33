// Imports only go down (CONTRIBUTING.md, “Where things live”). Each folder may import its own rank's folder (itself) and lower ranks.
const ranks = [
  ['lib'],
  ['domain'],
  ['config', 'analysis'],
  ['packs'],
  ['db', 'executors'],
  ['incidents'],
  ['runs', 'escalation'],
  ['alerts', 'routines'],
  ['jobs', 'notify'],
  ['slack', 'web'],
];

const forbidden = [
  { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'nothing-imports-main',
    comment: 'main.ts and cli.ts are where things are put together; nothing imports them',
    severity: 'error',
    from: {},
    to: { path: '^src/(main|cli)\\.ts$' },
  },
  {
    name: 'compose-is-top',
    severity: 'error',
    from: { pathNot: '^(src/(compose|main|cli)|test|scripts)' },
    to: { path: '^src/compose/' },
  },
  {
    name: 'commands-are-top',
    comment: 'src never imports a command by name: the folder is read',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(compose|main|cli)' },
    to: { path: '^commands/' },
  },
  {
    name: 'sandbox-imports-lib-alone',
    severity: 'error',
    from: { path: '^src/sandbox/' },
    to: { path: '^(src|commands|twins)/', pathNot: '^src/(sandbox|lib)/' },
  },
  {
    name: 'sandbox-is-reached-by-wire',
    severity: 'error',
    from: { path: '^(src|commands)/', pathNot: '^src/(sandbox|compose|main)' },
    to: { path: '^src/sandbox/' },
  },
  {
    name: 'twins-are-not-product',
    severity: 'error',
    from: { path: '^(src|commands)/', pathNot: '^src/(compose|main)' },
    to: { path: '^twins/' },
  },
  {
    name: 'product-does-not-import-tests',
    severity: 'error',
    from: { path: '^(src|commands|twins)/' },
    to: { path: '^(test|scripts)/' },
  },
  {
    name: 'pg-only-in-db',
    comment: 'one vendor, one folder; type imports and the sql executor apart',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(db|executors/sql)/' },
    to: { path: 'node_modules/pg/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'bolt-only-in-slack',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/slack/' },
    to: { path: 'node_modules/@slack/(bolt|web-api|socket-mode)/', dependencyTypesNot: ['type-only'] },
  },
];

ranks.forEach((folders, rank) => {
  for (const folder of folders) {
    const allowed = [...ranks.slice(0, rank).flat(), folder].join('|');
    forbidden.push({
      name: `${folder}-imports-down`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^(src|commands)/', pathNot: `^src/(${allowed})/` },
    });
  }
});

module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
