// The kinds of patches that this machine is kept up with.
import { ApplicationPatches, type ApplicationPatchParts } from './applications.ts'
import { ImagePatches, type ImagePatchParts } from './images.ts'
import type { PatchKind } from './kind.ts'
import { PackagePatches, type PackagePatchParts } from './packages.ts'
import { SnapPatches, type SnapPatchParts } from './snaps.ts'

export type KindParts = ImagePatchParts & ApplicationPatchParts & SnapPatchParts & PackagePatchParts

export function patchKindsOf(parts: KindParts): PatchKind[] {
  const all: PatchKind[] = [
    new ImagePatches(parts),
    new ApplicationPatches(parts),
    new SnapPatches(parts),
    new PackagePatches(parts),
  ]
  return all.filter(({ name }) => parts.policy.kinds.includes(name))
}
