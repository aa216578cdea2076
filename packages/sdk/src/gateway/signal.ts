// Messages of the signalling socket: JSON texts, SDP and candidates in base64. Version 2, as Canonical's public browser SDK
// speaks it: the viewer says `discover`, then `settings`, and the instance offers.
import { InvalidRequestError } from '../errors.ts'

/** The version of the protocol that a viewer states. */
export const signallingVersion = 2

const codecs = ['AV1', 'H264', 'VP8', 'VP9'] as const
export type Codec = (typeof codecs)[number]
export type Candidate = { type: 'candidate'; candidate: string; sdpMid: string | null; sdpMLineIndex: number | null }
export type Settings = {
  type: 'settings'
  api_version: number
  /** At most 5 besides `control`. */
  data_channels: string[]
  enable_speaker: boolean
  enable_microphone: boolean
  enable_video: boolean
  enable_camera: boolean
  device_type?: string
  foreground_activity?: string
  video?: { preferred_decoder_codecs?: Codec[] }
}
/** What a viewer sends. `sdp` and `candidate` are plain texts here. */
export type ViewerSignal = { type: 'discover' } | Settings | { type: 'answer'; sdp: string } | Candidate
/** What an instance sends. */
export type InstanceSignal =
  | { type: 'resp:discover'; max_api_version: number; fps?: number; capabilities?: string[] }
  | { type: 'offer'; sdp: string }
  | Candidate
  /** The end of the stream. */
  | { type: 'error'; message: string }
/** Of a later version, or damaged: handed on as it came. */
export type UnknownSignal = { type: 'unknown'; raw: string }

export function encodeSignal(signal: ViewerSignal | InstanceSignal): string {
  switch (signal.type) {
    case 'offer':
    case 'answer':
      return JSON.stringify({ ...signal, sdp: toBase64(signal.sdp) })
    case 'candidate':
      return JSON.stringify({ ...signal, candidate: toBase64(signal.candidate) })
    default:
      return JSON.stringify(signal)
  }
}

/** What a viewer gets. Never throws: what cannot be read, or only an instance should hear, is `unknown`. */
export function decodeInstanceSignal(raw: string): InstanceSignal | UnknownSignal {
  return decoded(raw, readInstanceSignal)
}

/** What an instance gets. Never throws either. */
export function decodeViewerSignal(raw: string): ViewerSignal | UnknownSignal {
  return decoded(raw, readViewerSignal)
}

type Fields = Record<string, unknown>

function decoded<T>(raw: string, read: (value: Fields) => T | undefined): T | UnknownSignal {
  try {
    const value: unknown = JSON.parse(raw)
    if (typeof value === 'object' && value !== null) return read(value as Fields) ?? { type: 'unknown', raw }
  } catch {
    // No JSON, or no base64.
  }
  return { type: 'unknown', raw }
}

function readInstanceSignal(value: Fields): InstanceSignal | undefined {
  const { type, sdp, message, max_api_version, fps, capabilities } = value
  switch (type) {
    case 'candidate':
      return readCandidate(value)
    case 'offer':
      return typeof sdp === 'string' ? { type, sdp: fromBase64(sdp) } : undefined
    case 'error':
      return { type, message: typeof message === 'string' ? message : '' }
    case 'resp:discover':
      if (typeof max_api_version !== 'number') return undefined
      return {
        type,
        max_api_version,
        ...(typeof fps === 'number' && { fps }),
        ...(isTexts(capabilities) && { capabilities }),
      }
  }
  return undefined
}

function readViewerSignal(value: Fields): ViewerSignal | undefined {
  const { type, sdp } = value
  switch (type) {
    case 'discover':
      return { type }
    case 'candidate':
      return readCandidate(value)
    case 'answer':
      return typeof sdp === 'string' ? { type, sdp: fromBase64(sdp) } : undefined
    case 'settings':
      return readSettings(value)
  }
  return undefined
}

function readCandidate({ candidate, sdpMid = null, sdpMLineIndex = null }: Fields): Candidate | undefined {
  const isIndex = sdpMLineIndex === null || (Number.isInteger(sdpMLineIndex) && Number(sdpMLineIndex) >= 0)
  if (typeof candidate !== 'string' || !(sdpMid === null || typeof sdpMid === 'string') || !isIndex) return undefined
  return { type: 'candidate', candidate: fromBase64(candidate), sdpMid, sdpMLineIndex: sdpMLineIndex as number | null }
}

function readSettings(value: Fields): Settings | undefined {
  const { api_version, data_channels = [], device_type, foreground_activity, video } = value
  if (typeof api_version !== 'number' || !isTexts(data_channels)) return undefined
  const wanted = (video as Fields | null | undefined)?.preferred_decoder_codecs
  return {
    type: 'settings',
    api_version,
    data_channels,
    enable_speaker: value.enable_speaker === true,
    enable_microphone: value.enable_microphone === true,
    enable_video: value.enable_video === true,
    enable_camera: value.enable_camera === true,
    ...(typeof device_type === 'string' && { device_type }),
    ...(typeof foreground_activity === 'string' && { foreground_activity }),
    ...(Array.isArray(wanted) && { video: { preferred_decoder_codecs: wanted.filter(isCodec) } }),
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')
const isCodec = (value: unknown): value is Codec => codecs.includes(value as Codec)

/** `btoa` takes bytes as letters. */
function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

function fromBase64(text: string): string {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

/** The settings of a viewer that shows everything and sends nothing, unless said otherwise. */
export function settings(wanted: Partial<Omit<Settings, 'type'>> = {}): Settings {
  if ((wanted.data_channels?.length ?? 0) > 5)
    throw new InvalidRequestError('a stream has at most 5 data channels besides its own', { code: 'invalid-request' })
  return {
    type: 'settings',
    api_version: signallingVersion,
    data_channels: [],
    enable_speaker: true,
    enable_microphone: false,
    enable_video: true,
    enable_camera: false,
    ...wanted,
  }
}
