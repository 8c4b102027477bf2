/** `profile use | remove`. */
import { Command } from 'commander'
import { say } from '../../print/print.ts'
import { changeProfiles, profileNamed } from '../../profiles.ts'

export const useCommand = (): Command =>
  new Command('use').argument('<NAME>').action(async (name: string) => {
    await changeProfiles((known) => {
      profileNamed(name, known)
      return { ...known, current: name }
    })
    say(`commands use ${name} from now on`)
  })

export const removeCommand = (): Command =>
  new Command('remove').argument('<NAME>').action(async (name: string) => {
    let wasInUse = false
    await changeProfiles(({ current, profiles }) => {
      profileNamed(name, { profiles })
      wasInUse = current === name
      const { [name]: _, ...left } = profiles
      return { ...(current !== undefined && !wasInUse && { current }), profiles: left }
    })
    say(`removed profile ${name}`)
    if (wasInUse) say('no profile is in use now; choose one with: tidemark profile use NAME')
  })
