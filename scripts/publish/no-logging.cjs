// In the bundle of the command line instead of `abstract-logging`, which fastify imports, which comes without the text of its licence, and
// which does the same: nothing.
const nothing = () => {}

module.exports = { fatal: nothing, error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing }
