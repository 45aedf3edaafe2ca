"""How fast passwords may be tried."""

import pytest

from web.throttle import LoginThrottle, ThrottleLimits

pytestmark = pytest.mark.unit

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_a_few_mistakes_cost_nothing() -> None:
    throttle = LoginThrottle()
    for second in range(4):
        throttle.failed("arm1", HERE, second)
        assert throttle.wait("arm1", HERE, second) == 0


def test_then_each_wait_is_twice_the_one_before_up_to_a_quarter_of_an_hour() -> None:
    throttle = LoginThrottle()
    now, waits = 0.0, []
    for _ in range(12):
        throttle.failed("arm1", HERE, now)
        waits.append(throttle.wait("arm1", HERE, now))
        now += waits[-1]
        assert throttle.wait("arm1", HERE, now) == 0
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_stranger_cannot_keep_an_agent_out() -> None:
    throttle = LoginThrottle()
    for _ in range(29):
        throttle.failed("arm1", HERE, 0)
    assert throttle.wait("arm1", HERE, 0) == 900
    assert throttle.wait("arm1", THERE, 0) == 0
    assert throttle.wait("arm2", HERE, 0) == 0


def test_a_source_that_tries_many_logins_waits_for_all_of_them() -> None:
    throttle = LoginThrottle()
    for number in range(30):
        throttle.failed(f"arm{number}", HERE, 0)
    assert throttle.wait("arm99", HERE, 10) == 20
    assert throttle.wait("arm99", THERE, 10) == 0


def test_a_success_forgives_that_login_only() -> None:
    throttle = LoginThrottle()
    for _ in range(5):
        throttle.failed("arm1", HERE, 0)
        throttle.failed("arm2", HERE, 0)
    throttle.succeeded("arm1", HERE)
    assert throttle.wait("arm1", HERE, 0) == 0
    assert throttle.wait("arm2", HERE, 0) == 30


def test_an_hour_of_quiet_forgives() -> None:
    throttle = LoginThrottle()
    for _ in range(5):
        throttle.failed("arm1", HERE, 0)
    throttle.failed("arm1", HERE, 3601)
    assert throttle.wait("arm1", HERE, 3601) == 0


def test_what_is_remembered_is_bounded() -> None:
    throttle = LoginThrottle(ThrottleLimits(remembered=10))
    for _ in range(5):
        throttle.failed("arm1", HERE, 0)
    for number in range(1000):
        throttle.failed("x", f"source{number}", 0)
    assert throttle.wait("arm1", HERE, 0) == 0
    assert len(throttle._failures) == 10
