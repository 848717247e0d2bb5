"""A small storm: slow clients, guesses, a publisher at its limit, and a pair that notices none of it."""

from __future__ import annotations

from pathlib import Path

from tests.storm.run import P99_S, Storm, guessed


def test_in_a_storm_a_pair_is_served_and_a_right_password_accepted(tmp_path: Path) -> None:
    storm = Storm(slow=200, tries_per_s=50.0, audience=20, seconds=8.0, told=print)
    result = storm.run(tmp_path, bcrypt_cost=10)
    print(result.table())
    assert result.p99_s < 10 * P99_S
    assert result.logins_s
    assert result.counts["slow heads opened"] >= 100
    assert result.counts["slow bodies opened"] >= 100
    assert result.counts["logins tried"] > 200
    assert result.counts["logins answered 429"] > 0, "who guesses has to wait"
    assert result.counts["announcements answered 429"] > 0, "the publisher is at its limit"
    assert result.counts["audience lost"] == 0


def test_guesses_from_elsewhere_lock_nobody_out(tmp_path: Path) -> None:
    result = guessed(tmp_path, 300, 100.0, bcrypt_cost=10)
    print(result.table())
    assert len(result.logins_s) >= 2
    assert result.counts["logins tried"] >= 290
    assert result.p99_s < 10 * P99_S
