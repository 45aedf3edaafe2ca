import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Hands } from "../hands.svelte";
import type { Action } from "../model";
import type { Panels } from "../panels/panels.svelte";
import type { Strip } from "../strip.svelte";

const asked: Action[] = [];
const strip = { act: async (action: Action) => void asked.push(action), asksPauseReason: false };
const hands = () => new Hands(strip as unknown as Strip, {} as Panels);

beforeEach(() => {
  asked.length = 0;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

test("a double click on Décrocher falls on no button that takes its place", () => {
  const agent = hands();
  agent.pressed("accept", false);
  expect(agent.settling).toBe(true);
  vi.advanceTimersByTime(499);
  agent.pressed("mute", false);
  agent.pressed("hang_up", false);
  expect(asked).toEqual(["accept"]);
  vi.advanceTimersByTime(1);
  expect(agent.settling).toBe(false);
  agent.pressed("mute", false);
  expect(asked).toEqual(["accept", "mute"]);
});

test("a key is meant for what it does, at any time", () => {
  const agent = hands();
  agent.pressed("accept", true);
  agent.pressed("mute", true);
  expect(asked).toEqual(["accept", "mute"]);
});

test("each Décrocher counts anew", () => {
  const agent = hands();
  agent.pressed("accept", false);
  vi.advanceTimersByTime(300);
  agent.pressed("accept", false);
  vi.advanceTimersByTime(300);
  agent.pressed("hold", false);
  expect(asked).toEqual(["accept", "accept"]);
});
