// AVA's settings for the long suite, `sh test/run --long`; those of the default one are in
// package.json.
// oxlint-disable-next-line import/no-default-export -- AVA asks for it
export default {
  extensions: ['ts'],
  workerThreads: false,
  timeout: '600s',
  require: ['./test/house/fail-on-warning.ts'],
  files: ['test/long/**/*.long.ts'],
}
