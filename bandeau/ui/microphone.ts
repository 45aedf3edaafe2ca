/** The microphone and the outputs: choosing, opening, remembering. */

const KEY = "bandeau15.audio";

export interface AudioChoice {
  microphone: string;
  output: string;
}

export function savedChoice(): AudioChoice {
  try {
    return { microphone: "", output: "", ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch (error) {
    if (error instanceof SyntaxError) return { microphone: "", output: "" };
    throw error;
  }
}

export function saveChoice(choice: AudioChoice): void {
  localStorage.setItem(KEY, JSON.stringify(choice));
}

export type MicrophoneProblem = "denied" | "missing" | "busy" | "insecure";

/** The microphone could not be opened; `problem` says why. */
export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(problem);
  }
}

const PROBLEMS: Record<string, MicrophoneProblem> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

function constraints(deviceId: string): MediaStreamConstraints {
  const processing = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return { audio: deviceId ? { ...processing, deviceId: { exact: deviceId } } : processing };
}

/**
 * Open a microphone ("" is the system's). A chosen one that is no longer there gives way to the system's.
 *
 * @throws MicrophoneError
 */
export async function openMicrophone(deviceId: string): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new MicrophoneError("insecure");
  try {
    return await devices.getUserMedia(constraints(deviceId));
  } catch (error) {
    const problem = PROBLEMS[(error as DOMException).name] ?? "busy";
    if (problem === "missing" && deviceId) return openMicrophone("");
    throw new MicrophoneError(problem);
  }
}

export interface Devices {
  microphones: MediaDeviceInfo[];
  outputs: MediaDeviceInfo[];
}

/** What is plugged in; names are known only once the microphone has been allowed. */
export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const named = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId);
  return { microphones: named("audioinput"), outputs: named("audiooutput") };
}

export function closeStream(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
