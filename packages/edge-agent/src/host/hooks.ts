// Hooks of addons and applications: executables in the guest, run one after another, with the variables that AMS documents.
import type { HookName } from '../catalogue/packages.ts'
import type { InstanceRecord } from '../store/records.ts'
import { addonDirectory, anboxDirectory, applicationDirectory, type Guest } from './guest.ts'

/** Where hooks leave what they say. */
const log = `${anboxDirectory}/logs/hooks.log`

/** The hook's output goes to a file in the guest; of a failed one the end is told. */
const script = `mkdir -p "\${2%/*}"
said=$(mktemp)
code=0
"$1" >"$said" 2>&1 </dev/null || code=$?
{ echo "== $1"; cat "$said"; } >>"$2"
[ $code = 0 ] || tail -c 300 "$said" >&2
rm -f "$said"
exit $code`

type Found = { label: string; path: string; timeout: number; environment: Record<string, string> }

export function hooksOf(record: InstanceRecord, when: HookName): Found[] {
  const { addons, application } = record
  const sources = [
    ...addons.map(({ name, hooks, hookTimeout }) => {
      const directory = addonDirectory(name)
      return { label: `addon "${name}"`, directory, hooks, hookTimeout, own: { ADDON_DIR: directory } }
    }),
    ...(application
      ? [{ label: `application "${application.name}"`, directory: applicationDirectory, own: {}, ...application }]
      : []),
  ]
  return sources.flatMap(({ label, directory, hooks, hookTimeout, own }) =>
    hooks
      .filter((hook) => hook.when === when)
      .map(({ file }) => ({
        label: `the hook ${file} of ${label}`,
        path: `${directory}/hooks/${file}`,
        timeout: hookTimeout,
        environment: own,
      })),
  )
}

/** @throws GuestError for the first that fails; those after it are not run. */
export async function runHooks(guest: Guest, record: InstanceRecord, when: HookName): Promise<void> {
  const type = record.base ? 'base' : 'regular'
  const common = {
    APP_DIR: applicationDirectory,
    ANBOX_DIR: anboxDirectory,
    ANDROID_ROOTFS: `${anboxDirectory}/rootfs`,
    BOOT_PACKAGE: record.application?.bootPackage ?? '',
    INSTANCE_TYPE: type,
    CONTAINER_TYPE: type,
    ...(when === 'post-stop' ? { ANBOX_EXIT_CODE: '0' } : {}),
  }
  for (const { label, path, timeout, environment } of hooksOf(record, when))
    await guest.sh(label, script, [path, log], { environment: { ...common, ...environment }, timeout })
}
