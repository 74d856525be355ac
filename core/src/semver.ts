/** The one file that imports semver: versions of plug-ins, of their API, and of templates. */
export { default } from 'semver';
