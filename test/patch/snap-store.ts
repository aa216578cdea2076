// The store that a machine's snapd asks, inside that machine, and snaps to put there.
import type { PatchMachine } from './machine.ts'

export type SnapOptions = {
  /** false: its hook after a refresh fails, so snapd itself undoes the refresh. */
  works?: boolean
  /** false: it goes in, and its service ends at once, which snapd does not mind. */
  runs?: boolean
  /** Seconds that its hook after a refresh takes, for a change that is caught under way. */
  slow?: number
}

export class SnapStore {
  readonly #machine: PatchMachine
  readonly #revisions = new Map<string, number>()

  /** What such a machine is started with. @param socket path here by which its snapd is reached. */
  static devices(socket: string): Record<string, Record<string, string>> {
    return {
      snapd: {
        type: 'proxy',
        bind: 'host',
        listen: `unix:${socket}`,
        connect: 'unix:/run/snapd-relay.socket',
        mode: '0600',
      },
      // Snaps are mounted by FUSE, and on some hosts only root may open its device, which a container's root is not.
      fuse: { type: 'unix-char', path: '/dev/fuse', mode: '0666' },
    }
  }

  constructor(machine: PatchMachine) {
    this.#machine = machine
  }

  /** snapd's test keys trust the store's by themselves. An app wants a base, and it wants snapd as a snap. */
  async prepare(): Promise<void> {
    await this.#machine.sh('systemctl start fakestore snapd && snap wait system seed.loaded')
    for (const name of ['snapd', 'edge-base'])
      await this.#machine.sh(`snap install --dangerous /srv/snaps/${name}.snap`)
    // Only the engine refreshes.
    await this.#machine.sh('snap set system refresh.hold="$(date -u -d "+20 days" +%Y-%m-%dT%H:%M:%SZ)"')
  }

  /** Puts a new revision there, in place of the one that there was. @returns its number. */
  async publish(name: string, version: string, options: SnapOptions = {}): Promise<string> {
    const { works = true, runs = true, slow = 0 } = options
    const revision = (this.#revisions.get(name) ?? 0) + 1
    const file = `${name}_${revision}.snap`
    // JSON is what YAML allows, without the white space that a shell might lose.
    const yaml = JSON.stringify({
      ...{ name, version, summary: `revision ${revision}`, description: 'none', base: 'edge-base' },
      // Else snapd keeps a mount namespace for it, which Linux 6.18 refuses now and then (EINVAL): namespaces are numbered by
      // CPU there, and one may only be kept in one with a lower number.
      confinement: 'classic',
      apps: { service: { command: 'bin/service', daemon: 'simple', 'restart-condition': 'never' } },
    })
    await this.#machine.sh(`set -e
      work=$(mktemp -d); cd $work; mkdir -p tree/meta/hooks tree/bin
      printf '%s\\n' '${yaml}' >tree/meta/snap.yaml
      printf '#!/bin/sh\\n${runs ? 'exec sleep 1000000' : 'exit 1'}\\n' >tree/bin/service
      printf '#!/bin/sh\\nsleep ${slow}\\n${works ? 'exit 0' : 'echo "it does not start" >&2; exit 1'}\\n' >tree/meta/hooks/post-refresh
      chmod -R u=rwX,go=rX tree; chmod 755 tree/bin/* tree/meta/hooks/*
      snap pack --filename=${file} tree . >/dev/null
      export SNAPPY_TESTING=1
      printf '{"snap-revision": "${revision}"}' >revision.json
      fakestore new-snap-declaration --dir /srv/snap-store ${file} >/dev/null
      fakestore new-snap-revision --dir /srv/snap-store --snap-rev-json revision.json ${file} >/dev/null
      rm -f /srv/snap-store/${name}_*.snap; mv ${file} /srv/snap-store/; cd /; rm -r $work`)
    this.#revisions.set(name, revision)
    return String(revision)
  }

  async install(name: string): Promise<void> {
    await this.#machine.sh(`snap install --classic ${name}`)
  }

  /** The store goes away. */
  async down(): Promise<void> {
    await this.#machine.sh('systemctl stop fakestore')
  }

  async up(): Promise<void> {
    await this.#machine.sh('systemctl start fakestore')
  }

  /** Of what is installed. */
  async revision(name: string): Promise<string> {
    return this.#machine.sh(`snap list ${name} | awk 'NR == 2 { print $3 }'`)
  }

  /** That is followed. */
  async channel(name: string): Promise<string> {
    return this.#machine.sh(`snap list ${name} | awk 'NR == 2 { print $4 }'`)
  }

  /** The number of the version that its service runs, which is none where it does not. */
  async running(name: string): Promise<string> {
    const unit = `snap.${name}.service.service`
    return this.#machine.sh(
      `systemctl is-active -q ${unit} && grep -o 'revision [0-9]*' /snap/${name}/current/meta/snap.yaml | cut -d ' ' -f 2 || true`,
    )
  }
}
