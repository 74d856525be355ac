import fc from 'fast-check';

/** The same cases in every run, so that a run fails where the code has changed and not by chance; SEED chooses others. */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 2006) });

export { fc };
