/** Tests have nothing of their user's environment that changes what our programs print, read or connect to. */

/** `TIDEMARK` names another build to judge, `TIDEMARK_TEST_*` and `TIDEMARK_DEMO_*` are for tests. */
const OF_TESTS = /^TIDEMARK(_TEST_.+|_DEMO_.+)?$/

/**
 * Our own variables; the colours, width and continuous integration that Node.js asks for (`WriteStream.getColorDepth`);
 * languages and time zones; folders of the user.
 */
const OF_A_USER =
  /^(TIDEMARK.*|KAFKA_.*|XDG_.*|NO_COLOR|FORCE_COLOR|NODE_DISABLE_COLORS|COLORTERM|TERM|TERM_PROGRAM.*|TMUX|COLUMNS|LINES|CI|CI_NAME|GITHUB_ACTIONS|GITEA_ACTIONS|GITLAB_CI|TRAVIS|CIRCLECI|BUILDKITE|APPVEYOR|DRONE|TEAMCITY_VERSION|TF_BUILD|LANG|LANGUAGE|LC_.*|TZ|EDITOR|VISUAL|PAGER|NODE_OPTIONS)$/

/** Removes it from the environment of this process, and so of all that it starts. */
export function forgetTheUser(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(env)) if (OF_A_USER.test(name) && !OF_TESTS.test(name)) delete env[name]
}
