import { describe, expect, it } from "vitest";
import { AGAIN_MS, DISARMED, HOLD_MS, pass, press, release } from "../confirm";

describe("hanging up by the keyboard", () => {
  const armed = press(DISARMED, "hang_up", 1000).guard;

  it("does nothing at the first press", () => {
    expect(press(DISARMED, "hang_up", 1000).fire).toBe(false);
    expect(pass(armed, 1000 + HOLD_MS - 1).fire).toBeUndefined();
  });
  it("fires when held", () => {
    expect(pass(armed, 1000 + HOLD_MS)).toEqual({ guard: DISARMED, fire: "hang_up" });
  });
  it("does not fire when let go", () => {
    expect(pass(release(armed), 1000 + HOLD_MS).fire).toBeUndefined();
  });
  it("fires at a second press in time", () => {
    expect(press(release(armed), "hang_up", 1000 + AGAIN_MS)).toEqual({ guard: DISARMED, fire: true });
  });
  it("starts again after a late second press", () => {
    expect(press(release(armed), "hang_up", 1001 + AGAIN_MS).fire).toBe(false);
  });
  it("does not mix two actions", () => {
    expect(press(release(armed), "decline", 1100).fire).toBe(false);
  });
  it("is forgotten when nothing follows", () => {
    expect(pass(release(armed), 1001 + AGAIN_MS)).toEqual({ guard: DISARMED });
    expect(release(DISARMED)).toBe(DISARMED);
  });
});
