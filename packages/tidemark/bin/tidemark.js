#!/usr/bin/env node
// Checks the version of Node.js before anything is loaded that an old one cannot parse. This file is CommonJS in the
// syntax of Node.js 12, so that every version since then gets the one line and not a SyntaxError.
'use strict'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  process.stderr.write('tidemark: needs Node.js 22.22 or later, and this is ' + process.versions.node + ': https://nodejs.org\n')
  process.exitCode = 1
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.on('error', () => {})
  process.stdout.write(require('../package.json').version + '\n')
} else {
  require('node:module').enableCompileCache()
  // A failure to load is a bug, or a broken installation: it is thrown, and Node.js prints it.
  import('../dist/main.js')
}
