/**
 * The licences of the packages that the command line's bundle contains. Their terms ask for the text to go with every
 * copy, so the build writes it into THIRD-PARTY-LICENSES, which is packed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Licences that allow a copy in an Apache-2.0 package as long as their text goes with it. */
const ALLOWED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD'])

/**
 * The folders of the packages of others whose modules are in a bundle, sorted.
 *
 * @param {readonly { readonly type: string, readonly modules?: Readonly<Record<string, unknown>> }[]} output of
 * rolldown's `write`
 * @returns {string[]}
 */
export function bundledPackages(output) {
  const folders = output
    .flatMap((chunk) => Object.keys(chunk.modules ?? {}))
    .map((id) => /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id.replace(/^\0/, ''))?.[1])
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort()
}

/**
 * One section a package: name, version, licence and its text. Throws where a package has no licence text, or one that
 * is not in the list above.
 *
 * @param {readonly string[]} folders
 */
export function licencesText(folders) {
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
    if (!ALLOWED.has(license)) throw new Error(`the licence of ${name}@${version} is ${license}; it cannot be bundled`)
    const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
    if (file === undefined) throw new Error(`${name}@${version} has no licence file; its text must go with the bundle`)
    const text = readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  const rule = `\n${'-'.repeat(80)}\n\n`
  return `The folder dist of this package contains code of the following packages.\n${rule}${sections.join(rule)}`
}
