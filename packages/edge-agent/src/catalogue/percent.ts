/** An event a percent, not one a chunk. @param size bytes. */
export function everyPercent(tell: (percent: number) => void, size: number) {
  let last = -1
  return ({ transferred }: { transferred: number }) => {
    const percent = Math.floor((100 * transferred) / size)
    if (percent !== last) tell(percent)
    last = percent
  }
}
