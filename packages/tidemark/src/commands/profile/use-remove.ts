/** `profile use | remove`. */
import { Command } from 'commander'
import { say } from '../../print/print.ts'
import { profileNamed, readProfiles, writeProfiles } from '../../profiles.ts'

export const useCommand = (): Command =>
  new Command('use').argument('<NAME>').action(async (name: string) => {
    const known = await readProfiles()
    profileNamed(name, known)
    await writeProfiles({ ...known, current: name })
    say(`commands use ${name} from now on`)
  })

export const removeCommand = (): Command =>
  new Command('remove').argument('<NAME>').action(async (name: string) => {
    const { current, profiles } = await readProfiles()
    profileNamed(name, { profiles })
    const { [name]: _, ...left } = profiles
    await writeProfiles({ ...(current !== undefined && current !== name && { current }), profiles: left })
    say(`removed profile ${name}`)
    if (current === name) say('no profile is in use now; choose one with: tidemark profile use NAME')
  })
