// The kinds of patches that there are; the policy says which of them are looked for.
import { ApplicationPatches, type ApplicationPatchParts } from './applications.ts'
import { ImagePatches, type ImagePatchParts } from './images.ts'
import type { PatchKind } from './kind.ts'
import { PackagePatches, type PackagePatchParts } from './packages.ts'
import { SnapPatches, type SnapPatchParts } from './snaps.ts'

export type KindParts = ImagePatchParts & ApplicationPatchParts & SnapPatchParts & PackagePatchParts

export function patchKindsOf(parts: KindParts): PatchKind[] {
  return [new ImagePatches(parts), new ApplicationPatches(parts), new SnapPatches(parts), new PackagePatches(parts)]
}
