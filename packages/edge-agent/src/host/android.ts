// What the agent asks of Android itself, by the commands that Android has had for years. `anbox-shell` enters Android from
// the container around it.
import { type Guest, GuestError } from './guest.ts'

const shell = (...command: string[]) => ['anbox-shell', ...command]
/** Seconds for a question, and for work such as an installation. */
const soon = 30
const work = 600

export class Android {
  readonly #guest: Guest

  constructor(guest: Guest) {
    this.#guest = guest
  }

  /** Packages that did not come with the system. */
  async packages(): Promise<string[]> {
    const text = await this.#guest.run('asking Android for its packages', shell('pm', 'list', 'packages', '-3'), {
      timeout: soon,
    })
    return text
      .split('\n')
      .flatMap((line) => (line.startsWith('package:') ? [line.slice('package:'.length).trim()] : []))
  }

  /**
   * Installs an APK that lies in the container.
   * @param permissions to grant; `*` grants all that an application can be granted.
   * @returns the package that came, or `expected`.
   */
  async install(apk: string, expected: string, permissions: readonly string[]): Promise<string> {
    const before = new Set(await this.packages())
    const all = permissions.includes('*') ? '-g' : ''
    const script = 'size=$(wc -c <"$1"); exec anbox-shell pm install -r -S $((size)) $2 <"$1"'
    await this.#guest.sh('installing the APK', script, [apk, all], { timeout: work })
    const now = await this.packages()
    const come = now.filter((name) => !before.has(name))
    const name = expected || come[0]
    if (!name || !now.includes(name))
      throw new GuestError(
        expected
          ? `the manifest's boot-package is ${expected}, and the APK brought ${come.join(', ') || 'nothing new'}`
          : 'the APK brought no package that was not there before: name it as boot-package in the manifest',
      )
    for (const permission of permissions)
      if (permission !== '*')
        await this.#guest.run(`granting ${permission}`, shell('pm', 'grant', name, permission), { timeout: soon })
    return name
  }

  /** The activity that starts a package, `package/.Activity`; "" when it has none. */
  async activityOf(name: string): Promise<string> {
    const command = shell('cmd', 'package', 'resolve-activity', '--brief', name)
    const lines = (await this.#guest.run('asking Android for the activity', command, { timeout: soon }))
      .trim()
      .split('\n')
    const last = lines.at(-1)?.trim() ?? ''
    return last.startsWith(`${name}/`) ? last.slice(name.length + 1) : ''
  }

  async start(name: string, activity: string): Promise<void> {
    await this.#guest.run(`starting ${name}`, shell('am', 'start', '-W', '-n', `${name}/${activity}`), { timeout: 120 })
  }

  /** The package in the foreground; "" when Android names none. */
  async foreground(): Promise<string> {
    const text = await this.#guest.run(
      'asking Android for the foreground',
      shell('dumpsys', 'activity', 'activities'),
      {
        timeout: soon,
      },
    )
    return /ResumedActivity[=:]\s*ActivityRecord\{\S+ \S+ ([\w.]+)\//.exec(text)?.[1] ?? ''
  }

  /** Ends Android and leaves the guest up. */
  async stop(): Promise<void> {
    await this.#guest.run('stopping Android', shell('stop'), { timeout: 60 })
  }

  /** Puts a file or a folder of the package where the manifest says. Existing files stay. */
  async putExtraData(source: string, target: string, owner: string, permissions: string): Promise<void> {
    const script = `[ -e "$1" ] || { echo "the package has no such file" >&2; exit 1; }
name=\${1##*/}
tar -cf - -C "\${1%/*}" "$name" | anbox-shell sh -c 'set -e; mkdir -p "$1"; tar -xf - -C "$1"; at=$1/$4
[ -z "$2" ] || chown -R "$2" "$at"
[ -z "$3" ] || { find "$at" -type f -exec chmod "$3" {} +; }' sh "$2" "$3" "$4" "$name"`
    await this.#guest.sh(`extra data ${source}`, script, [source, target, owner, permissions], { timeout: work })
  }
}
