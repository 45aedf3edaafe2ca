/**
 * The peer of the kept leg: a page that is rung, and answers when told. It answers with the very code of our own
 * strip, its microphone open already, so that what differs is only that the audio path is made at the answer.
 */

import type { RTCSession } from "jssip/lib/RTCSession";
import { answer, end, SipAgent } from "../bandeau/ui/sip-agent";

declare global {
  interface Window {
    peer: { ready: boolean; ringing: boolean; answer(): void };
  }
}

const query = new URLSearchParams(location.search);
const player = document.querySelector("audio");
const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
let session: RTCSession | undefined;

window.peer = {
  ready: false,
  ringing: false,
  answer: () => {
    if (!session) return;
    answer(session, { servers: [], policy: "all", seconds: 0 }, microphone, {
      sound: (stream) => {
        if (player) player.srcObject = stream;
      },
      open: () => {},
      ended: () => end(session),
      broken: () => end(session),
    });
    window.peer.ringing = false;
  },
};

const agent = new SipAgent(
  {
    username: query.get("user") ?? "",
    password: query.get("password") ?? "",
    domain: "peer",
    wsPort: Number(query.get("port")),
    wssPort: 0,
    legTarget: "",
    echoTarget: "",
  },
  {
    connected: () => {},
    disconnected: () => {},
    registered: (on) => {
      window.peer.ready = on;
    },
    refused: () => {},
    incoming: (incoming) => {
      session = incoming;
      window.peer.ringing = true;
    },
  },
);
agent.start();
