// Says in one line what is wrong when the Node.js that runs the scripts is too old for them.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 22)) {
  console.error(
    `Tidemark needs Node.js 22.22 or later and found ${process.versions.node}. On Linux (glibc) and Windows 'npm ci' brings its own; elsewhere install one.`,
  )
  process.exit(1)
}
