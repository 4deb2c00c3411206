// What a phone can add to words: pictures, the place, a recorded voice. Each answers with what to send, or throws.

import { call } from "./api.js";

const LONGEST = 120;
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/webm", "audio/mp4"];

export async function upload(blob, name, duration = 0) {
  const form = new FormData();
  form.append("file", blob, name);
  form.append("duration", String(duration));
  return call("POST", "/api/media", form);
}

export function findPlace() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) reject(new Error("none"));
    else navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude }), reject, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
  });
}

export const canRecord = Boolean(window.MediaRecorder && navigator.mediaDevices?.getUserMedia);

export class Recorder {
  constructor(tick) {
    this.tick = tick;
    this.live = null;
  }

  async begin() {
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(sound, mimeType ? { mimeType } : {});
    const parts = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    const began = Date.now();
    const done = new Promise((resolve) => recorder.addEventListener("stop", () => {
      for (const track of sound.getTracks()) track.stop();
      resolve({ blob: new Blob(parts, { type: recorder.mimeType.split(";")[0] }), seconds: Math.max(1, Math.round((Date.now() - began) / 1000)) });
    }));
    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - began) / 1000);
      this.tick(seconds);
      if (seconds >= LONGEST && recorder.state === "recording") recorder.stop();
    }, 500);
    this.live = { recorder, done, timer };
    recorder.start();
    done.then(() => clearInterval(timer));
    return done;
  }

  end() {
    if (this.live?.recorder.state === "recording") this.live.recorder.stop();
    this.live = null;
  }
}
