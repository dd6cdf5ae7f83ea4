// Loaded by AVA into every test process: a process warning fails the suite. MaxListenersExceeded,
// a timer too long for 32 bits or a promise handled too late is a mistake that nobody reads about in a log.
// What only announces a future version of Node is not ours to fix and passes.
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning' && warning.name !== 'DeprecationWarning') throw warning
})
