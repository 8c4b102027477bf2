/** `profile use | remove`. */
import { Command } from 'commander'
import { say } from '../../print/print.ts'
import { profileNamed, readProfiles, writeProfiles } from '../../profiles.ts'

export const useCommand = (): Command =>
  new Command('use').argument('<NAME>').action((name: string) => {
    const known = readProfiles()
    profileNamed(name, known)
    writeProfiles({ ...known, current: name })
    say(`commands use ${name} from now on`)
  })

export const removeCommand = (): Command =>
  new Command('remove').argument('<NAME>').action((name: string) => {
    const { current, profiles } = readProfiles()
    profileNamed(name, { profiles })
    const { [name]: _, ...left } = profiles
    writeProfiles({ ...(current !== undefined && current !== name && { current }), profiles: left })
    say(`removed profile ${name}`)
    if (current === name) say('no profile is in use now; choose one with: tidemark profile use NAME')
  })
